#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows what snarl does: on four small programs, each with a fault of its own, and on pbzip2 as
# Debian ships it. Installs and builds what that needs first; all of it lands in build/release.
#
#     scripts/demo.sh
#
# Ends with status 0 if snarl said of each program what it should.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/release
demo=$build/demo
snarl=$build/bin/snarl

scripts/install-dependencies --demo
mkdir -p "$demo"
{ cmake --preset release -D SNARL_TESTS=OFF -D SNARL_SOURCE=OFF &&
    cmake --build --preset release; } \
    >"$demo/log" 2>&1 || { cat "$demo/log"; exit 1; }

# The invisible library that forces the unlucky order of threads.
order=$demo/libsnarl_order.so
if [ tests/order/order.c -nt "$order" ]; then
    gcc -shared -fPIC -O2 -ffreestanding -fno-stack-protector -nostdlib -I. -Itests/order \
        -o "$order" tests/order/order.c
fi

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi
number=0
summary=()
wrong=0

# show STATUS KIND TITLE [OPTIONS] -- COMMAND...: runs it under snarl, and compares the exit status
# and the kind of hazard ("none": no finding that counts) with what they should be.
show()
{
    local expected=$1 kind=$2 title=$3 status=0 verdict='as it should'
    shift 3
    number=$((number + 1))
    printf '\n%s%d. %s%s\n\n' "$bold" $number "$title" "$plain"
    printf '   $ snarl run %s\n\n' "$*"
    "$snarl" run --json "$demo/$number.json" "$@" </dev/null 2>&1 || status=$?
    if [ "$status" != "$expected" ]; then
        verdict="WRONG: should be $expected"
    elif [ "$kind" != none ] && ! grep -q "\"kind\": *\"$kind\"" "$demo/$number.json"; then
        verdict="WRONG: no $kind found"
    fi
    [[ $verdict != WRONG* ]] || wrong=$((wrong + 1))
    summary+=("$(printf '%-44s exit %-3d  %-15s %s' "$title" "$status" "$kind" "$verdict")")
}

# teach KIND/NAME: builds that testcase for snarl, and says where the program is.
teach()
{
    local source=testcases/$1.c program=$demo/${1//\//-} compile=$build/bin/snarl-cc
    if [ ! -e "$program" ] || [ "$(find "$source" "$order" "$compile" -newer "$program")" ]; then
        "$compile" -g -O1 -pthread -Itests/order -o "$program" "$source" \
            -L"$demo" -lsnarl_order -Wl,-rpath,"$PWD/$demo"
    fi
    echo "$program"
}

garlic=$(teach data-race/garlic)
philosophers=$(teach deadlock/philosophers)
chopstick=$(teach abandoned-lock/chopstick-exit)
livelock=$(teach livelock/philosophers)

show 66 data-race 'Two shoppers count garlic without a lock' -- "$garlic" 1000000
show 66 deadlock 'Three philosophers hang' -- "$philosophers"
show 66 abandoned-lock 'A philosopher dies with a chopstick in hand' --timeout=2 -- "$chopstick"
show 66 livelock 'Two philosophers are too polite' --timeout=2 -- "$livelock"

# A program that was not built for snarl, and that has no fault to find.
[ -e "$demo/numbers" ] || seq 1500000 >"$demo/numbers"
show 0 none 'pbzip2, as Debian ships it' -- pbzip2 -k -f -p2 "$demo/numbers"
if ! bzip2 -dc "$demo/numbers.bz2" | cmp - "$demo/numbers"; then
    summary+=("   but what it compressed does not come back: WRONG")
    wrong=$((wrong + 1))
fi

printf '\n%sIn short%s\n\n' "$bold" "$plain"
printf '   %s\n' "${summary[@]}"
printf '\nThe findings as JSON: %s\n' "$demo/*.json"
[ $wrong = 0 ]
