#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every test, after installing and building what that needs.
#
#     scripts/test.sh                  all that a change must pass: under 25 minutes on two cores
#     scripts/test.sh --quick          unit tests and the house's checks: under a minute once built
#     scripts/test.sh --all            and what takes hours: sanitizers, 50 repeats, long fuzzing,
#                                      and both commands of the README on a fresh Debian
#     scripts/test.sh --long PATTERN   of what takes hours the steps whose names match PATTERN, an
#                                      extended regular expression, and nothing else: in parts
#     scripts/test.sh --list           the names of those
#
# Ends with a line `N passed, N failed`, and with status 0 only if nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

extent=${1:-}
pattern=${2:-}
fuzz_seconds=60
case $extent,$# in
,0 | --quick,1 | --list,1 | --long,2) ;;
--all,1) fuzz_seconds=600 ;;
*)
    echo "usage: scripts/test.sh [--quick | --all | --long PATTERN | --list]" >&2
    exit 2
    ;;
esac

passed=0 failed=0 skipped=0
failures=()

# step NAME COMMAND...: one test more, told apart in the output.
step()
{
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@" </dev/null; then
        passed=$((passed + 1))
        printf -- '-- %s: ok (%d s)\n' "$name" $((SECONDS - start))
    else
        failed=$((failed + 1))
        failures+=("$name")
        printf -- '-- %s: FAILED (%d s)\n' "$name" $((SECONDS - start))
        return 1
    fi
}

# long NAME COMMAND...: the same for what takes long.
long()
{
    if [ "$extent" = --list ]; then
        echo "$1"
    elif [[ $1 =~ $pattern ]]; then
        step "$@"
    fi
}

finish()
{
    ((failed == 0)) || printf '\nFailed:%s\n' "$(printf '\n    %s' "${failures[@]}")"
    echo
    echo "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
    ((failed == 0 && passed > 0))
    exit
}

build()
{
    cmake --preset "$1" >"build/configure-$1.log" || { cat "build/configure-$1.log"; return 1; }
    cmake --build --preset "$1"
}

# The value of attribute $1 of the JUnit file $2's test suite.
count_of()
{
    grep -om1 -E "\b$1=\"[0-9]+\"" "$2" | grep -o '[0-9]*' || echo 0
}

# suite PRESET [CTEST OPTIONS]: the tests of a build, each counted by itself.
suite()
{
    local preset=$1 results=$PWD/build/ctest-$1.xml total bad left
    shift
    printf '\n== tests of build/%s\n' "$preset"
    rm -f "$results"
    ctest --test-dir "build/$preset" --output-on-failure --output-junit "$results" "$@" </dev/null
    if [ ! -s "$results" ]; then
        failed=$((failed + 1))
        failures+=("$preset: ctest ran nothing")
        return
    fi
    total=$(count_of tests "$results")
    bad=$(count_of failures "$results")
    left=$(($(count_of skipped "$results") + $(count_of disabled "$results")))
    passed=$((passed + total - bad - left))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    ((bad == 0)) || failures+=("$preset: $bad tests, see above")
}

print_failures()
{
    local input
    for input in "build/fuzz/failures/$1"-*; do
        printf 'base64 -d <<. | xz -d >%s\n' "$input"
        xz -c "$input" | base64
        echo .
    done
}

# fuzz SECONDS: all fuzzers in turn, sharing that time. New inputs are kept in build/fuzz/corpus; an
# input that fails is kept in build/fuzz/failures, and belongs into fuzz/corpus once mended; it
# is printed too, for who has only the output.
fuzz()
{
    local fuzzers=() fuzzer name seeds
    mapfile -t fuzzers < <(find build/fuzz/bin -maxdepth 1 -name '*_fuzz' -type f \
        -executable 2>/dev/null | sort)
    ((${#fuzzers[@]} > 0)) || step "find the fuzzers" false || return
    for fuzzer in "${fuzzers[@]}"; do
        name=$(basename "$fuzzer" _fuzz)
        # It is slow, and needs longer than a change can wait for.
        [ "$name" != analyze ] || [ "$extent" = --all ] || continue
        mkdir -p "build/fuzz/corpus/$name" build/fuzz/failures
        seeds=()
        [ ! -d "fuzz/corpus/$name" ] || seeds=("fuzz/corpus/$name")
        [ "$name" != analyze ] || seeds=(fuzz/corpus/{text,trace,xstd} tests/golden/analyzer)
        step "fuzz $name" "$fuzzer" -max_total_time=$(($1 / ${#fuzzers[@]})) -timeout=10 \
            -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
            -artifact_prefix="build/fuzz/failures/$name-" "build/fuzz/corpus/$name" "${seeds[@]}" ||
            print_failures "$name"
    done
}

with_sanitizers()
{
    build asan && suite asan
}

# The packages of build/dev, on a Debian that has nothing else.
packages()
{
    local directory=$PWD/build/packages name
    rm -rf "$directory"
    mkdir "$directory"
    (cd build/dev && cpack -B "$directory") || return
    rm -r "$directory/_CPack_Packages"
    for name in racy locked; do
        cc -g -O1 -pthread -Iinclude -o "$directory/$name" \
            "tests/integration/programs/$name.c" || return
    done
    scripts/fresh-debian --with "$directory" scripts/try-packages packages
}

all_long()
{
    long "a million random runs against the definitions" build/dev/tests/random_test \
        --count 1000000
    long "with sanitizers" with_sanitizers
    long "programs, 20 times each" tests/soak/run.py --build build/dev --repeat 20 --jobs 2
    long "programs beside allocators" tests/soak/run.py --build build/dev --repeat 2 --jobs 2 \
        --allocator all
    long "programs moved, clobbered, rewritten" tests/roundtrips/run.py --build build/dev --jobs 2
    long "each call of the recorder fails, without snarl" tests/anomaly/anomaly.py \
        --build build/dev --bare
    long "all calls fail from each one on" tests/anomaly/anomaly.py --build build/dev --later
    long "all calls fail from each one on, without snarl" tests/anomaly/anomaly.py \
        --build build/dev --later --bare
    long "1,000 kills" tests/kills/kills.py --build build/dev
    long "3,000 new random programs" tests/differential/run.py --build build/dev --count 3000 \
        --jobs 2
    long "testcases in all configurations" tests/e2e/run.py --build build/dev --configurations all
    long "testcases, 50 times each" tests/e2e/run.py --build build/dev --repeat 50
    long "ids of all testcases, however built" tests/e2e/fingerprints.py --build build/dev \
        --filter .
    long "a fresh Debian: packages" packages
    long "a fresh Debian: demo.sh" scripts/fresh-debian scripts/demo.sh
    long "a fresh Debian: test.sh" scripts/fresh-debian scripts/test.sh
}

if [ "$extent" = --list ]; then
    all_long
    exit
fi
mkdir -p build
step "install dependencies" scripts/install-dependencies --test || finish
if [ "$extent" = --all ] || [ "$extent" = --long ]; then
    step "install what runs for long" scripts/install-dependencies --soak
    step "install what is rewritten" scripts/install-dependencies --roundtrips
fi
step "build" build dev || finish

if [ "$extent" = --quick ]; then
    suite dev -R '^(unit|check)/'
    finish
fi
if [ "$extent" = --long ]; then
    all_long
    finish
fi

suite dev
step "build the fuzzers" build fuzz && fuzz "$fuzz_seconds"
step "the demonstration" scripts/demo.sh
[ "$extent" != --all ] || all_long
finish
