# SPDX-License-Identifier: Apache-2.0
# What the tests of the command line share. SNARL, STAND_IN_LIBRARY and RECORDER come from ctest.

cd "$BATS_TEST_TMPDIR" || exit 1
unset LD_PRELOAD SNARL_OPTIONS SNARL_CONTROL SNARL_LIBRARY NO_COLOR
export SNARL_CONFIG= # nobody's files
export SNARL_PAGER=  # which would wait for a key
export TMPDIR=$BATS_TEST_TMPDIR/tmp
unset XDG_RUNTIME_DIR
mkdir -p "$TMPDIR"
export ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 # for a snarl built with it

# stand_in WHAT: from now on the recorder is the stand-in, which does WHAT.
stand_in()
{
    export SNARL_LIBRARY=$STAND_IN_LIBRARY STAND_IN=$1 STAND_IN_TRACE=$BATS_TEST_TMPDIR/trace
}

# expect CODE COMMAND...: runs it, with its output in files out and err, and checks the exit code.
expect()
{
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    if [ "$code" != "$wanted" ]; then
        echo "exit code $code, not $wanted: $*"
        echo "--- stdout"; head -50 out
        echo "--- stderr"; head -50 err
        return 1
    fi
}

# within KILOBYTES COMMAND...: runs it in that much memory, mapped files included. AddressSanitizer
# needs more than anybody has.
within()
{
    local kilobytes=$1
    shift
    ! ldd "$SNARL" | grep -q libasan || skip "AddressSanitizer"
    (ulimit -v "$kilobytes" && "$@")
}

# says TEXT [FILE]: FILE (err) has it.
says()
{
    grep -qF -e "$1" "${2:-err}" || { echo "no '$1' in ${2:-err}:"; head -50 "${2:-err}"; return 1; }
}

# silent FILE...: each is empty.
silent()
{
    local file
    for file; do
        [ ! -s "$file" ] || { echo "$file:"; head -50 "$file"; return 1; }
    done
}

# field EXPRESSION FILE: a field of a JSON file, as Python sees it (d is the document).
field()
{
    python3 -c 'import json, sys; d = json.load(open(sys.argv[2])); print(eval(sys.argv[1]))' "$@"
}

# compile NAME [OPTION...]: NAME from the C source on stdin.
compile()
{
    local name=$1
    shift
    "${CC:-cc}" -x c -g -O0 -pthread -o "$name" - "$@"
}

# left_over: is there anything that snarl should have removed?
left_over()
{
    find "$BATS_TEST_TMPDIR" -name 'snarl.*' -o -name 'snarl-control*' | grep .
}

# no COMMAND...: it must fail. (A bare `!` is no failure to bats.)
no()
{
    ! "$@"
}

# ended PID: it has, even if nobody has taken note yet.
ended()
{
    [[ $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) != [!ZX]* ]]
}
