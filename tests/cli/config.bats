# SPDX-License-Identifier: Apache-2.0
# Options from files and from SNARL_OPTIONS: where they are looked for, which one counts, what is
# wrong, and whose files are passed over.

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    unset SNARL_CONFIG
    export HOME=$BATS_TEST_TMPDIR/home XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
    mkdir -p project/src/deep project/.git config/snarl home
    stand_in silent
    cd project
}

# told: the words that the recorder gets.
told()
{
    stand_in record
    expect 0 "$SNARL" run "$@" -- printenv SNARL_OPTIONS
}

@test "config < project < SNARL_OPTIONS < command line" {
    told
    no grep -qe --ring out
    echo "ring = 1M" >"$XDG_CONFIG_HOME/snarl/config"
    told
    says "--ring=1048576" out
    echo "ring = 2M" >.snarlrc
    told
    says "--ring=2097152" out
    SNARL_OPTIONS="--ring=3M" told
    says "--ring=3145728" out
    SNARL_OPTIONS="--ring=3M" told --ring=4M
    says "--ring=4194304" out
    [ "$(grep -o -e --ring out | wc -l)" = 1 ]
}

@test "~/.config where XDG_CONFIG_HOME is not set" {
    unset XDG_CONFIG_HOME
    mkdir -p "$HOME/.config/snarl"
    echo "ring = 1M" >"$HOME/.config/snarl/config"
    told
    says "--ring=1048576" out
    HOME="" told
    no grep -qe --ring out
}

@test "the project's file: the nearest one up to the repository's directory" {
    echo "ring = 1M" >.snarlrc
    cd src/deep
    told
    says "--ring=1048576" out
    echo "ring = 2M" >../.snarlrc
    told
    says "--ring=2097152" out
    rm ../.snarlrc
    touch .git # a work tree of its own
    told
    no grep -qe --ring out
    rm .git ../../.snarlrc
    echo "ring = 1M" >../../../.snarlrc # above the repository
    told
    no grep -qe --ring out
    rmdir ../../.git # no repository: the working directory alone
    told
    no grep -qe --ring out
    echo "ring = 1M" >.snarlrc
    told
    says "--ring=1048576" out
}

@test "blanks, comments, options without a value, line ends of DOS" {
    printf '# comment\n\n  \t\n  rewrite =  lib a.so , b  \r\n\taccesses=none\nverbose\n' >.snarlrc
    told
    says '--rewrite=lib\ a.so\ ,\ b' out
    says "--accesses=none" out
    printf 'ring=1M' >.snarlrc # no end of line
    told
    says "--ring=1048576" out
    : >.snarlrc
    told
}

@test "SNARL_OPTIONS is split as a shell does" {
    SNARL_OPTIONS=$' --ring 1M\t--rewrite="a \\"b\\" c"\n -v --follow \'m n\\\'\\ o ' told
    says "--ring=1048576" out
    says '--rewrite=a\ "b"\ c' out
    says '--follow=m\ n\\\ o' out
    SNARL_OPTIONS="-o '../x y'" told
    says '/x\ y' out
    for wrong in "file" "--verbose x" "-v -- x" "--ring=1M 2M" "--frobnicate" "--help" "-" "--ring" \
        "--rin=1M" "-o"; do
        SNARL_OPTIONS=$wrong expect 125 "$SNARL" run -- true
        says "snarl: SNARL_OPTIONS: "
        silent out
    done
    for wrong in "'" '--follow="a'; do
        SNARL_OPTIONS=$wrong expect 125 "$SNARL" run -- true
        says "a quote is not closed"
    done
}

@test "what another command takes is passed over, what none takes is an error" {
    printf 'gen-suppressions\ntimeout = 5\njobs = 2\nto = std\n' >.snarlrc
    told
    echo "{}" >empty.json
    expect 2 "$SNARL" report empty.json
    no grep -q snarlrc err
    echo "format = perfetto:drawn" >>.snarlrc # a format of those that read traces
    expect 2 "$SNARL" report empty.json
    no grep -q snarlrc err
    printf '\nfrobnicate = 3\n' >>.snarlrc
    expect 125 "$SNARL" run -- true
    says "snarl: $PWD/.snarlrc:7: no command takes an option \`frobnicate' from here"
    expect 2 "$SNARL" report empty.json
    says "$PWD/.snarlrc:7: "
    for name in help usage version; do
        echo $name >.snarlrc
        expect 125 "$SNARL" run -- true
        says "$PWD/.snarlrc:1: "
        silent out
    done
}

# seen OPTION...: how many findings `history list` has.
seen()
{
    expect 0 "$SNARL" history list --json=/dev/fd/3 "$@" 3>listed
    field 'len(d["findings"])' listed
}

@test "history: its database, and what its actions have in common" {
    unset SNARL_HISTORY GITHUB_SHA GITHUB_REF_NAME CI_COMMIT_SHA CI_COMMIT_REF_NAME
    {
        echo '{"schema": "snarl-report/1", "findings": [{"id": "1:0123456789abcdef", "level":'
        echo '"observed", "kind": "data-race", "severity": "error", "title": "race"}]}'
    } >report.json
    printf 'db = ours.db\nlabel = nightly\n' >.snarlrc
    (cd src/deep && expect 0 "$SNARL" history add ../../report.json && says "run 1 was added")
    [ -s ours.db ] # beside the file that says it
    expect 0 "$SNARL" history add --label=unit --branch=main report.json
    expect 0 "$SNARL" history runs
    no grep -q unit out
    says nightly out
    [ "$(seen)" = 1 ]
    [ "$(seen --kind=deadlock)" = 0 ]
    [ "$(seen --kind=deadlock,data-race)" = 1 ]
    echo "kind = deadlock , starvation" >>.snarlrc
    [ "$(seen)" = 0 ]
    printf 'db = ours.db\nbranch = main\nsince = 2026-01-01\nstate = steady\n' >.snarlrc
    [ "$(seen)" = 1 ]
    [ "$(SNARL_OPTIONS=--branch=other seen)" = 0 ]
    echo "db = postgresql://nobody@127.0.0.1:1/none" >.snarlrc
    expect 2 "$SNARL" history list
    no grep -qF "$PWD" err
}

@test "history: reports of findings are no place for it" {
    {
        printf 'db = ours.db\nfail-on = none\nsuppressions = none.supp\ntimeout = 3\n'
        printf 'format = sarif:found.sarif\nformat = perfetto:drawn\nformat = github\n'
        printf 'json = report.json\nlog-file = findings\ncolor = never\n'
    } >.snarlrc
    echo '{"schema": "snarl-report/1", "findings": []}' >report.json
    expect 0 "$SNARL" history add report.json
    expect 0 "$SNARL" history baseline
    [ "$(field 'd["schema"]' out)" = snarl-report/1 ]
    expect 0 "$SNARL" history runs
    says "RUN" out
    for file in found.sarif drawn findings; do
        [ ! -e "$file" ]
    done
    [ "$(field 'd["schema"]' report.json)" = snarl-report/1 ]
    printf 'db = ours.db\ncommit = 1\nbranch = b\nlabel = l\nsince = 2026-01-01\nkind = deadlock\nstate = gone\n' >.snarlrc
    told # no error for others
    expect 0 "$SNARL" report report.json
}

@test "mistakes are told with file and line" {
    while IFS='|' read -r line message; do
        printf 'verbose\n%b\n' "$line" >.snarlrc
        expect 125 "$SNARL" run -- true
        says "snarl: $PWD/.snarlrc:2: $message"
        silent out
    done <<'END'
timeout = soon|--timeout takes a number
timeout|timeout needs a value, SECONDS
verbose = yes|verbose takes no value, `yes'
format = frobnicate|--format=frobnicate: this version knows text
accesses = some|--accesses=some: this version knows auto, tsan
fail-on = nonsense|--fail-on=nonsense
--timeout = 3|is not OPTION = VALUE
timeout 3|is not OPTION = VALUE
Timeout = 3|is not OPTION = VALUE
= 3|is not OPTION = VALUE
rewrite = \033[31m|a control character
END
    while IFS='|' read -r line message; do
        printf 'verbose\n%b\n' "$line" >.snarlrc
        expect 2 "$SNARL" history list
        says "snarl: $PWD/.snarlrc:2: $message"
        silent out
    done <<'END'
since = yesterday|--since takes a day
kind = deadlock,race|--kind=race: this version knows data-race
state = new|--state=new: this version knows steady
db|db needs a value, DATABASE
END
    printf 'verbose\n\0' >.snarlrc
    expect 125 "$SNARL" run -- true
    says "byte 8: a zero byte"
}

@test "hostile files: long, large, no files" {
    { printf 'rewrite = '; head -c 900000 /dev/zero | tr '\0' x; } >.snarlrc
    expect 125 "$SNARL" run -- true
    says ".snarlrc:1: --rewrite takes patterns"
    [ "$(wc -c <err)" -lt 5000 ]
    head -c 2000000 /dev/zero | tr '\0' '\n' >.snarlrc
    expect 125 "$SNARL" run -- true
    says "is larger than 1 MiB"
    head -c 1000000 /dev/zero | tr '\0' '\n' >.snarlrc
    told
    rm .snarlrc
    mkfifo .snarlrc
    expect 125 "$SNARL" run -- true
    says "is no regular file"
}

@test "--help comes before what is wrong in a file, and so does a wrong command line" {
    echo frobnicate >.snarlrc
    expect 0 "$SNARL" run --help
    expect 0 "$SNARL" run --version
    expect 125 "$SNARL" run --nonsense
    says "unrecognized option"
    expect 0 "$SNARL" --help
    expect 0 "$SNARL" list # takes none
}

@test "files that are read lie beside the configuration, those that are written in the working directory" {
    printf 'suppress data-race\n  reason=x\n' >ours.supp
    printf 'suppressions = ours.supp\nbaseline = src/known.json\njson = found.json\n' >.snarlrc
    cd src/deep
    stand_in record
    expect 125 "$SNARL" run -- true
    says "$BATS_TEST_TMPDIR/project/src/known.json: "
    sed -i /baseline/d ../../.snarlrc
    expect 0 "$SNARL" run -- true
    [ -s found.json ]
    rm ../../ours.supp
    expect 125 "$SNARL" run -- true
    says "$BATS_TEST_TMPDIR/project/ours.supp"
}

@test "SNARL_CONFIG names the one file, or none" {
    echo "ring = 1M" >.snarlrc
    echo "accesses = none" >"$XDG_CONFIG_HOME/snarl/config"
    mkdir other
    echo "follow = main" >other/file
    SNARL_CONFIG=other/file told
    says "--follow=main" out
    no grep -qe '--ring\|--accesses' out
    SNARL_CONFIG="" told
    no grep -qe '--ring\|--accesses\|--follow' out
    (cd other && SNARL_CONFIG=file told && says "--follow=main" out)
    SNARL_CONFIG=other/nowhere expect 125 "$SNARL" run -- true
    says "snarl: other/nowhere: cannot be read"
    chmod 777 other other/file # the user's own word for it
    SNARL_CONFIG=$PWD/other/file told
    says "--follow=main" out
}

# passed_over WHY: the project's file is, with a warning.
passed_over()
{
    told
    no grep -qe --ring out
    says "snarl: warning: $PWD/.snarlrc is passed over: $1"
}

@test "what others could have written is passed over" {
    echo "ring = 1M" >.snarlrc
    chmod o+w .
    passed_over "its directory may be written by everyone"
    chmod 1777 .
    passed_over "its directory may be written by everyone"
    chmod 755 .
    chmod o+w .snarlrc
    passed_over "it may be written by everyone"
    chmod 644 .snarlrc
    told
    says "--ring=1048576" out
    [ "$(id -u)" = 0 ] || skip "the rest needs root"
    chown 4242 .snarlrc
    passed_over "it belongs to somebody else"
    chown 0 .snarlrc
    chown 4242 .
    passed_over "its directory belongs to somebody else"
}

@test "below another snarl, SNARL_OPTIONS is that one's own" {
    unset SNARL_LIBRARY
    SNARL_OPTIONS="--ring=1M" expect 0 "$SNARL" run --follow=main --accesses=none -- \
        "$SNARL" run -- printenv SNARL_OPTIONS
    says "-o " out
    no grep -qe '--ring\|--follow\|--accesses' out
    no grep -q "SNARL_OPTIONS: " err
}

@test "bare LD_PRELOAD: the recorder reads the words that the command takes" {
    unset SNARL_LIBRARY
    compile sleeper <<<'int main(void) { return 0; }'
    LD_PRELOAD=$RECORDER SNARL_OPTIONS='-o here\ it --ring=1M' expect 0 ./sleeper
    [ -s 'here it' ]
    silent err
}
