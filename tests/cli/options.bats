# SPDX-License-Identifier: Apache-2.0
# Commands, options, help: what exists, and what is an error.

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    # With the parts of the HTML report from npm, or without.
    html='' serve=()
    echo '{"schema": "snarl-report/1", "findings": []}' >nothing.json
    if "$SNARL" report --format=html nothing.json >page 2>err; then
        html=", html" serve=(serve)
    fi
}

@test "--help lists every command" {
    expect 0 "$SNARL" --help
    for command in run record analyze report diff history "${serve[@]}" dump list; do
        says "  $command " out
    done
    silent err
}

@test "--version, everywhere" {
    expect 0 "$SNARL" --version
    grep -qx 'snarl [0-9.]*' out
    for command in run record analyze report diff history "history add" "${serve[@]}" dump list; do
        # shellcheck disable=SC2086 # several words
        expect 0 "$SNARL" $command --version
        grep -qx 'snarl [0-9.]*' out
    done
}

@test "each command's --help fits 80 columns and names no format that is not built" {
    actions=$("$SNARL" history --help | sed -nE 's/^  ([a-z]+)  .*/history \1/p')
    mapfile -t actions <<<"$actions"
    [ ${#actions[@]} = 5 ]
    for command in run record analyze report diff history "${actions[@]}" "${serve[@]}" dump list; do
        # shellcheck disable=SC2086 # several words
        expect 0 "$SNARL" $command --help
        says "Usage: snarl $command" out
        no grep -E '^.{81}' out
        silent err
    done
}

# formats COMMAND LIST: what its --help lists, and what it says when it is asked for another.
formats()
{
    # shellcheck disable=SC2086 # several words
    expect 0 "$SNARL" $1 --help
    tr -s ' \n' ' ' <out | grep -oE 'Formats: [a-z]+(, [a-z]+)*' >line
    [ "$(cat line)" = "Formats: $2" ] || { cat line; false; }
    # shellcheck disable=SC2086
    no "$SNARL" $1 --format=frobnicate x y >out 2>err
    grep -qx "snarl $1: --format=frobnicate: this version knows $2" err || { cat err; false; }
}

@test "each command knows the formats that it can tell something in" {
    for command in run analyze; do
        formats $command "text, json, sarif, junit, github, gitlab, perfetto, locking$html"
    done
    for command in report diff "history baseline"; do
        formats "$command" "text, json, sarif, junit, github, gitlab$html"
    done
    for command in "history list" "history show" "history runs"; do
        formats "$command" "text, json"
    done
    for command in report diff "history baseline"; do
        # shellcheck disable=SC2086
        expect 2 "$SNARL" $command --format=perfetto:x
        says "draws a trace: snarl analyze"
    done
    expect 2 "$SNARL" history list --format=sarif:x
    says "this version knows text, json"
}

@test "help COMMAND prints the help when no manual is installed" {
    mkdir alone
    cp "$SNARL" alone/
    expect 0 "$SNARL" run --help
    mv out wanted
    expect 0 alone/snarl help run
    cmp out wanted
    expect 0 alone/snarl help
    says "Usage: snarl COMMAND" out
    expect 2 "$SNARL" help frobnicate
    says "no such command"
}

@test "no command, an unknown command, an unknown option: 2" {
    expect 2 "$SNARL"
    says "Usage: snarl COMMAND"
    silent out
    expect 2 "$SNARL" frobnicate
    says "snarl: frobnicate"
    expect 2 "$SNARL" --frobnicate
    says "snarl: --frobnicate"
}

@test "an unknown option is 125 under run and record, else 2" {
    for command in run record; do
        expect 125 "$SNARL" $command --frobnicate -- true
        says "unrecognized option '--frobnicate'"
        expect 125 "$SNARL" $command --HANG -- true
    done
    for command in analyze report diff dump list; do
        expect 2 "$SNARL" $command --frobnicate
        says "unrecognized option '--frobnicate'"
    done
}

@test "what is not built yet is an error" {
    for format in frobnicate pdf; do
        expect 125 "$SNARL" run --format=$format -- true
        says "this version knows text, json, sarif, junit, github, gitlab"
        expect 2 "$SNARL" analyze --format=$format:x trace
    done
    expect 2 "$SNARL" analyze --input=std trace
}

@test "wrong values are told" {
    expect 125 "$SNARL" run --accesses=frobnicate -- true
    says "this version knows auto, tsan, rewrite, none"
    expect 125 "$SNARL" run --accesses=rewrite --rewrite=/lib/libz.so -- true
    says "patterns of file names"
    expect 125 "$SNARL" run --timeout=soon -- true
    says "--timeout takes a number"
    expect 125 "$SNARL" run --timeout=-1 -- true
    expect 125 "$SNARL" run --timeout=0 -- true
    expect 125 "$SNARL" run --timeout=nan -- true
    expect 125 "$SNARL" run --ring=100K -- true
    says "--ring takes a size from 256K to 64G"
    expect 125 "$SNARL" run --ring=1T -- true
    expect 125 "$SNARL" run --ring=99G -- true
    expect 125 "$SNARL" run --ring=-1M -- true
    expect 125 "$SNARL" run --hang=0 -- true
    says "--hang takes a number"
    expect 125 "$SNARL" run --error-exitcode=256 -- true
    expect 125 "$SNARL" run --error-exitcode=1.5 -- true
    says "whole number"
    expect 125 "$SNARL" run --fail-on=data-rice -- true
    says "data-rice"
    expect 125 "$SNARL" run --color=pink -- true
    says "auto, always, never"
    expect 125 "$SNARL" run --format=json: -- true
    expect 2 "$SNARL" analyze --starvation-share=2 trace
    expect 2 "$SNARL" analyze --livelock-rounds=0 trace
    expect 2 "$SNARL" history list --kind=data-race,data-rice
    says "--kind=data-rice: this version knows data-race, deadlock, "
    expect 2 "$SNARL" history list --state=
    says "this version knows steady, flaky, missing, gone"
    expect 2 "$SNARL" history runs --since=2026-13-01
    says "--since takes a day"
}

@test "missing and superfluous arguments" {
    expect 125 "$SNARL" run
    says "PROGRAM"
    expect 125 "$SNARL" run --
    expect 125 "$SNARL" record --timeout=1
    expect 2 "$SNARL" analyze
    says "TRACE"
    expect 2 "$SNARL" diff one.json
    expect 2 "$SNARL" report one.json two.json
    says "too many arguments"
    expect 2 "$SNARL" list all
    expect 2 "$SNARL" history
    says "Usage: snarl history ACTION"
    expect 2 "$SNARL" history show
    says "ID is missing"
    expect 2 "$SNARL" history --db=x list
    says "options stand behind an action: snarl history ACTION --db=x"
}

@test "list names every kind, with severity, levels and definition" {
    expect 0 "$SNARL" list
    grep -qE '^data-race +error +observed predicted possible$' out
    grep -qE '^atomicity-violation +warning +possible$' out
    [ "$(grep -c '^[a-z]' out)" = 19 ]
    silent err
    expect 0 "$SNARL" list --format=json
    [ "$(field 'len(d["hazards"])' out)" = 19 ]
    [ "$(field 'd["hazards"][0]["kind"]' out)" = data-race ]
    expect 0 "$SNARL" list --json=kinds.json
    says "data-race  " out
    [ "$(field 'd["schema"]' kinds.json)" = snarl-hazards/1 ]
    expect 2 "$SNARL" list --json=/nowhere/kinds.json
    says "/nowhere/kinds.json"
}

@test "colour is for terminals, --color=always and --color=never" {
    expect 0 "$SNARL" list
    no grep -q $'\033' out
    expect 0 "$SNARL" list --color=always
    grep -q $'\033' out
    TERM=xterm script -qec "$SNARL list" /dev/null >terminal </dev/null
    grep -q $'\033' terminal
    TERM=xterm script -qec "$SNARL list --color=never" /dev/null >terminal </dev/null
    no grep -q $'\033' terminal
    TERM=xterm NO_COLOR=1 script -qec "$SNARL list" /dev/null >terminal </dev/null
    no grep -q $'\033' terminal
}

@test "output that cannot be written is trouble" {
    code=0
    "$SNARL" list >/dev/full 2>err || code=$?
    [ $code = 2 ]
    says "stdout: cannot be written"
    code=0
    "$SNARL" --help >/dev/full 2>err || code=$?
    [ $code = 2 ]
}
