#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is shown on a terminal goes through a pager, and nothing else does.

load setup

# on_terminal COMMAND: runs it with stdin and stdout at a pseudo-terminal; what comes is in `out`.
on_terminal()
{
    local code=0
    script -qec "$1" /dev/null </dev/null >out 2>err || code=$?
    echo "$code" >code
}

setup()
{
    unset SNARL_PAGER PAGER
    export TERM=xterm
    printf '{"schema": "snarl-report/1", "findings": []}' >nothing.json
}

@test "a terminal's output goes through the pager of the environment" {
    PAGER='tr a-z A-Z >paged' on_terminal "'$SNARL' list"
    says "DATA-RACE" paged
    [ "$(cat code)" = 0 ]
    no grep -q data-race out
    PAGER='tr a-z A-Z >paged' SNARL_PAGER='cat >mine' on_terminal "'$SNARL' report nothing.json"
    says "no findings" mine
}

@test "less shows a single screen and ends; cat and nothing are no pagers" {
    on_terminal "'$SNARL' report nothing.json"
    says "no findings" out
    for pager in cat ""; do
        PAGER=$pager on_terminal "'$SNARL' report nothing.json"
        says "no findings" out
    done
}

@test "colours and the exit code stay" {
    printf 'T1|w(x)|1\nT2|w(x)|2\n' >trace.std
    PAGER='cat >paged' on_terminal "'$SNARL' analyze trace.std"
    [ "$(cat code)" = 1 ]
    grep -q "$(printf '\033\\[1;\\?[0-9]*m')" paged
    NO_COLOR=1 PAGER='cat >paged' on_terminal "'$SNARL' analyze trace.std"
    no grep -q "$(printf '\033')" paged
}

@test "a pager that ends early ends the output, and one that is not there loses nothing" {
    for i in $(seq 20000); do echo "T1|w(x)|$i"; done >trace.std
    PAGER='head -1 >paged' on_terminal "'$SNARL' dump trace.std"
    [ "$(wc -l <paged)" = 1 ]
    on_terminal "PATH=/nowhere '$SNARL' report nothing.json"
    says "no findings" out
    [ "$(cat code)" = 0 ]
}

@test "no pager for a pipe, nor for the output of a program" {
    export PAGER='cat >paged'
    expect 0 "$SNARL" list
    says data-race out
    on_terminal "'$SNARL' run --log-file=log -- echo garlic"
    says garlic out
    [ ! -e paged ]
}
