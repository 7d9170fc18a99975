#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A page for each command, without a warning of man, with the options that --help has and no other.

setup()
{
    source "$BATS_TEST_DIRNAME/../cli/setup.bash"
    unset ARGP_HELP_FMT MANPATH MANOPT MANPAGER PAGER
    export LC_ALL=C.UTF-8 MANWIDTH=200
    mapfile -t commands < <("$SNARL" --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' | grep -v snarl)
}

# page COMMAND: as text.
page()
{
    man -l "$PAGES/man1/snarl-$1.1.gz" | col -bx
}

# section NAME: that section of the page on stdin.
section()
{
    awk -v name="$1" '/^[A-Z]/ { inside = $0 == name; next } inside'
}

long_options()
{
    grep -oE '^ {2,8}(-., )?--[a-z-]+(=[^ ]*)?' | sed 's/^ *//' | sort -u
}

@test "each command has a page, and snarl(1) names all of them" {
    [ ${#commands[@]} -ge 8 ]
    man -l "$PAGES/man1/snarl.1.gz" | col -bx >overview
    for command in "${commands[@]}"; do
        [ -s "$PAGES/man1/snarl-$command.1.gz" ]
        grep -q "^ *snarl-$command(1)$" overview
    done
    says "snarl $("$SNARL" --version | cut -d' ' -f2)" overview
}

@test "no page makes man warn" {
    for file in "$PAGES"/man*/*.gz; do
        man --warnings -E UTF-8 -l -Tutf8 -Z "$file" >/dev/null 2>>err
    done
    silent err
}

# same_options SECTION COMMAND [ACTION]: that section of the page has the options of --help.
same_options()
{
    "$SNARL" "${@:2}" --help | long_options >helped
    page "$2" | section "$1" | long_options >paged
    [ "$(wc -l <helped)" -ge 5 ]
    diff helped paged
}

@test "the options of a page are those of --help, with their values" {
    for command in "${commands[@]}"; do
        [[ $command == @(help|history) ]] || same_options OPTIONS "$command"
    done
}

@test "snarl-source: the same" {
    [ -x "$SNARL_SOURCE" ] || skip "it was not built"
    mapfile -t actions < <("$SNARL_SOURCE" --help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
    [ ${#actions[@]} -ge 1 ]
    for action in "${actions[@]}"; do
        "$SNARL_SOURCE" "$action" --help | long_options >helped
        page source | section "${action^^}" | long_options >paged
        diff helped paged
        page source | section SYNOPSIS | grep -q "^ *snarl-source $action"
    done
}

@test "history: a section for each action, with its options, and for no other" {
    mapfile -t actions < <("$SNARL" history --help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p')
    [ ${#actions[@]} -ge 5 ]
    for action in "${actions[@]}"; do
        same_options "${action^^}" history "$action"
        page history | section SYNOPSIS | grep -q "^ *snarl history $action"
    done
    # Options stand in these sections alone.
    page history | awk '/^[A-Z]/ { name = tolower($1) } /^ {7}-/ { print name }' | sort -u >named
    printf '%s\n' "${actions[@]}" | sort | diff - named
}

@test "each page has what belongs into one, and nothing that was not filled in" {
    for file in "$PAGES"/man*/*.gz; do
        man -l "$file" | col -bx >text
        for heading in NAME SYNOPSIS DESCRIPTION EXAMPLES 'SEE ALSO'; do
            grep -qx "$heading" text || { echo "$file: no $heading"; false; }
        done
        [[ $file != */man1/* ]] || grep -qx 'EXIT STATUS' text
        no grep '@[A-Z]*[a-z ]*@' text
    done
}

@test "pages refer to pages that there are" {
    for file in "$PAGES"/man*/*.gz; do
        man -l "$file" | col -bx | grep -oE 'snarl[a-z+-]*\([0-9]\)' | tr '()' '. ' | sort -u >names
        while read -r name; do
            [ -e "$PAGES/man${name##*.}/$name.gz" ] || { echo "$file: $name"; false; }
        done <names
    done
}

@test "help COMMAND shows the page of the build tree" {
    expect 0 "$SNARL" help run
    tr -s ' ' <out | grep -q '^ snarl-run - '
    expect 0 "$SNARL" help
    tr -s ' ' <out | grep -q '^ snarl - '
}
