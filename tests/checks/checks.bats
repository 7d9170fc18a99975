# SPDX-License-Identifier: Apache-2.0
# Each check of the house can fail: it is shown a small tree with one fault in it, and one without.

setup()
{
    scripts=$BATS_TEST_DIRNAME/../../scripts
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree"/{low,high,loose}
    cd "$tree"
    printf 'low:\nmiddle: low\nhigh: low/a.h\n' >LAYERS
    source_file low/a.h 'enum { A };'
    source_file low/b.h 'enum { B };'
}

# source_file FILE TEXT: a source in proper style.
source_file()
{
    mkdir -p "$(dirname "$1")"
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n%b\n' "$2" >"$1"
}

# fails TEXT COMMAND: it does, with exit status 1, and says so.
fails()
{
    local text=$1
    shift
    run "$@"
    echo "$output"
    [ "$status" = 1 ]
    [[ $output == *"$text"* ]]
}

passes()
{
    run "$@"
    echo "$output"
    [ "$status" = 0 ]
}

@test "layers: a room includes what it may" {
    source_file middle/m.c '#include "low/a.h"\n#include "low/b.h"\n#include <stdio.h>'
    source_file high/h.c '#include "low/a.h"\n#include "own.h"'
    source_file high/own.h 'enum { H };'
    passes "$scripts/check-layers" .
}

@test "layers: an include of a room that is not allowed, with its line" {
    source_file low/a.c '#include "low/a.h"\n#include "middle/m.h"'
    source_file middle/m.h 'enum { M };'
    fails 'low/a.c:3: low may not include middle/m.h' "$scripts/check-layers" .
}

@test "layers: angle brackets and a path through .. hide nothing" {
    source_file middle/m.h 'enum { M };'
    source_file low/a.c '#include <middle/m.h>'
    source_file low/b.c '#include "../middle/m.h"'
    fails 'low/a.c:2' "$scripts/check-layers" .
    fails 'low/b.c:2' "$scripts/check-layers" .
}

@test "layers: a single file is allowed, its neighbour is not" {
    source_file high/h.c '#include "low/b.h"'
    fails 'high/h.c:2: high may not include low/b.h' "$scripts/check-layers" .
}

@test "layers: an allowed file brings nothing else along" {
    source_file low/a.h '#include "low/b.h"'
    source_file high/h.c '#include "low/a.h"'
    fails 'low/a.h:2: high may not include low/b.h' "$scripts/check-layers" .
}

@test "layers: a directory without a line sees no room, and a missing header is told" {
    source_file loose/l.c '#include "low/a.h"'
    fails 'loose/l.c:2: loose may not include low/a.h' "$scripts/check-layers" .
    source_file low/a.c '#include "low/missing.h"'
    fails '"low/missing.h" is not in the tree' "$scripts/check-layers" .
}

@test "layers: a room in LAYERS that does not exist" {
    echo 'low: lower' >LAYERS
    fails 'lower' "$scripts/check-layers" .
}

# library CODE [FLAGS]: builds lib.so.
library()
{
    local code=$1
    shift
    echo "$code" | gcc -shared -fPIC -fno-builtin -o lib.so -x c - "$@"
}

@test "imports: those on the list pass" {
    library 'int *__errno_location(void); int f(void) { return *__errno_location(); }'
    printf '# comment\n%s\n' __errno_location 'library libc.so.6' \
        __cxa_finalize __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable >allowed
    passes "$scripts/check-imports" lib.so allowed
}

@test "imports: one that is not on the list" {
    library 'int getpid(void); int f(void) { return getpid(); }'
    fails 'getpid is not in' "$scripts/check-imports" lib.so \
        "$BATS_TEST_DIRNAME/../../interpose/imports.allowed"
}

@test "imports: banned ones, even on the list" {
    for name in malloc free printf abort pthread_mutex_lock __stack_chk_fail __memcpy_chk; do
        library "void $name(void); void f(void) { $name(); }"
        echo "$name" >allowed
        fails "$name is banned" "$scripts/check-imports" lib.so allowed
    done
}

@test "imports: libunwind is never linked" {
    library 'int unw_backtrace(void **, int); int f(void **b) { return unw_backtrace(b, 1); }' -lunwind
    fails 'libunwind must be opened' "$scripts/check-imports" lib.so \
        "$BATS_TEST_DIRNAME/../../interpose/imports.allowed"
}

@test "headers: complete ones pass, one that leans on its includer fails" {
    passes "$scripts/check-headers" .
    source_file low/c.h 'size_t c(void);'
    fails 'low/c.h (gcc)' "$scripts/check-headers" .
    fails 'low/c.h (clang)' "$scripts/check-headers" .
}

# hazards EXPECTATION: a tree with one kind, reported by one analysis.
hazards()
{
    mkdir -p finding analyzer testcases/{data-race,clean}
    echo 'HAZARD(DATA_RACE, "data-race", ERROR, OBSERVED, "", "")' >finding/hazards.def
    echo 'sn_report_add(report, SN_DATA_RACE, SN_OBSERVED);' >analyzer/pass_race.c
    echo "/* EXPECT: $1 */" >testcases/data-race/garlic.c
}

@test "hazards: a kind without a testcase, an unknown kind, a clean testcase with a hazard" {
    hazards 'data-race observed @add'
    passes "$scripts/check-hazards" .
    hazards nothing
    fails 'data-race: reported by an analysis, expected by no testcase' "$scripts/check-hazards" .
    hazards 'date-race observed @add'
    fails 'no such expectation: date-race observed' "$scripts/check-hazards" .
    hazards 'data-race observed @add'
    echo '/* EXPECT: data-race observed */' >testcases/clean/garlic.c
    fails 'a clean testcase expects data-race' "$scripts/check-hazards" .
    hazards 'data-race observed @add'
    rm testcases/clean/garlic.c
    echo data-race >testcases/PENDING
    fails 'data-race: in testcases/PENDING, but reported' "$scripts/check-hazards" .
    rm testcases/PENDING
    echo 'HAZARD(DEADLOCK, "deadlock", ERROR, OBSERVED, "", "")' >>finding/hazards.def
    fails 'deadlock: reported by no analysis, and not in' "$scripts/check-hazards" .
    echo deadlock >testcases/PENDING
    passes "$scripts/check-hazards" .
    rm analyzer/pass_race.c
    fails 'no analysis reports anything' "$scripts/check-hazards" .
}

@test "style: a tab, a long line, a space at the end, no licence, a // comment, unformatted" {
    cp "$BATS_TEST_DIRNAME/../../.clang-format" .
    passes "$scripts/check-style" .
    source_file low/c.h 'enum {\tC };'
    fails 'a tab' "$scripts/check-style" .
    source_file low/c.h "/* $(printf '%100s' end) */"
    fails 'more than 100 columns' "$scripts/check-style" .
    source_file low/c.h 'enum { C }; '
    fails 'white space' "$scripts/check-style" .
    source_file low/c.h 'enum { C }; // why'
    fails 'a // comment' "$scripts/check-style" .
    source_file low/c.h 'enum {C};'
    fails 'low/c.h: not formatted' "$scripts/check-style" .
    echo 'enum { C };' >low/c.h
    fails 'low/c.h: no SPDX line' "$scripts/check-style" .
}

@test "style: shell scripts" {
    cp "$BATS_TEST_DIRNAME/../../.clang-format" .
    mkdir scripts
    printf '#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\nrm $1\n' >scripts/remove
    fails 'shellcheck' "$scripts/check-style" .
}
