# SPDX-License-Identifier: Apache-2.0
# The whole way with the real recorder: run, record, analyze, dump, the gate, and bare LD_PRELOAD.

setup_file()
{
    cd "$BATS_FILE_TMPDIR"
    # A thread ends while it holds a lock: abandoned-lock, a warning, observed.
    cc -g -O0 -pthread -x c -o abandon - <<'C'
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static void *philosopher(void *unused)
{
    pthread_mutex_lock(&chopstick);
    return unused;
}
int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_create(&thread, NULL, philosopher, NULL);
    pthread_join(thread, NULL);
    printf("%s is done\n", argv[0]);
    return argc - 1;
}
C
    # Two threads, two locks, each holding one and waiting for the other: ordered by pipes.
    cc -g -O0 -pthread -x c -o deadlock - <<'C'
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static int to_main[2], to_other[2];
static void *other(void *unused)
{
    char c = 0;
    pthread_mutex_lock(&right);
    write(to_main[1], &c, 1);
    read(to_other[0], &c, 1);
    pthread_mutex_lock(&left);
    return unused;
}
int main(void)
{
    pthread_t thread;
    char c = 0;
    pipe(to_main);
    pipe(to_other);
    pthread_create(&thread, NULL, other, NULL);
    pthread_mutex_lock(&left);
    read(to_main[0], &c, 1);
    write(to_other[1], &c, 1);
    pthread_mutex_lock(&right);
    pthread_join(thread, NULL);
}
C
    cc -g -O0 -pthread -x c -o fine - <<'C'
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *work(void *unused)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    work(NULL);
    pthread_join(thread, NULL);
    return 4;
}
C
}

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    PATH=$BATS_FILE_TMPDIR:$PATH
}

@test "run -- true: its code, and a line" {
    expect 0 "$SNARL" run -- true
    says "no threads or locks seen"
    silent out
    expect 0 "$SNARL" record -o trace -- true
    expect 0 "$SNARL" analyze trace
    says "no threads or locks seen" out
}

@test "a program without hazards keeps its code" {
    expect 4 "$SNARL" run --json report.json -- fine
    says "no findings"
    no says "no threads or locks seen"
    [ "$(field 'd["recording"]["complete"]' report.json)" = True ]
    [ "$(field 'd["recording"]["threads"]' report.json)" = 2 ]
    [ "$(field 'd["recording"]["locks"]' report.json)" = 1 ]
    [ "$(field 'd["recording"]["access_source"]' report.json)" = rewrite ]
    no says "were not recorded"
    expect 4 "$SNARL" run --accesses=none --json report.json -- fine
    [ "$(field 'd["recording"]["access_source"]' report.json)" = none ]
    says "shared accesses were not recorded (--accesses=none): data races cannot be seen"
    no left_over
}

@test "a finding is told on stderr and gates: 66" {
    expect 66 "$SNARL" run --json report.json -- abandon
    [ "$(cat out)" = "abandon is done" ]
    says "chopstick"
    says "abandoned-lock"
    [ "$(field 'd["findings"][0]["kind"]' report.json)" = abandoned-lock ]
    [ "$(field 'd["summary"]["gated"]' report.json)" = 1 ]
    [ "$(field 'd["program"]["exit_status"]' report.json)" = 0 ]
    [ "$(field 'd["program"]["pid"] == d["processes"][0]["pid"]' report.json)" = True ]
    no left_over
}

@test "--error-exitcode, --fail-on and --baseline decide what the exit code says" {
    expect 9 "$SNARL" run --error-exitcode=9 -- abandon
    expect 0 "$SNARL" run --fail-on=none -- abandon
    expect 2 "$SNARL" run --fail-on=deadlock,error -- abandon 1 2
    expect 66 "$SNARL" run --fail-on=warning --json known.json -- abandon
    expect 1 "$SNARL" run --baseline=known.json --json report.json -- abandon 1
    says "known"
    [ "$(field 'd["findings"][0]["status"]' report.json)" = known ]
    [ "$(field 'd["summary"]["gated"]' report.json)" = 0 ]
    expect 0 "$SNARL" diff known.json report.json
}

@test "record, then analyze: the program's code, then 1" {
    expect 3 "$SNARL" record -o trace -- abandon 1 2 3
    says "trace written to $PWD/trace"
    [ "$(cat out)" = "abandon is done" ]
    expect 1 "$SNARL" analyze trace
    says "chopstick" out
    silent err
    expect 0 "$SNARL" analyze --fail-on=none --format=json trace
    [ "$(field 'd["program"]["argv"]' out)" = "['abandon', '1', '2', '3']" ]
    [ "$(field 'd["recording"]["traces"]' out)" = "['trace']" ]
    expect 4 "$SNARL" record -o fine.trace -- fine
    expect 0 "$SNARL" analyze fine.trace
}

@test "record's default name" {
    expect 0 "$SNARL" record -- abandon
    ls snarl.abandon.*
    expect 0 "$SNARL" record -o '%e-%%-%p.trace' -- abandon
    ls abandon-%-[0-9]*.trace
}

@test "run shows the program no file that is not there alone" {
    mkdir empty
    cd empty
    expect_in=$BATS_TEST_TMPDIR
    "$SNARL" run -- ls -A >"$expect_in/out" 2>"$expect_in/err"
    silent "$expect_in/out"
    no left_over
}

@test "more processes than the control page is backed for: all traces are read and removed" {
    many='i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i + 1)); done'
    expect 0 "$SNARL" run --json report.json -- sh -c "$many"
    [ "$(field 'len(d["processes"])' report.json)" = 301 ]
    [ "$(field 'd["recording"]["complete"]' report.json)" = True ]
    no left_over
    expect 0 "$SNARL" record -- sh -c "$many"
    [ "$(grep -c 'trace written to' err)" = 301 ]
    no grep -v 'trace written to' err
}

@test "several traces make one report" {
    expect 0 "$SNARL" record -o one -- abandon
    expect 4 "$SNARL" record -o two -- fine
    expect 1 "$SNARL" analyze --json report.json one two
    [ "$(field 'len(d["processes"])' report.json)" = 2 ]
    [ "$(field 'len(d["recording"]["traces"])' report.json)" = 2 ]
    [ "$(field 'd["recording"]["threads"]' report.json)" = 4 ]
    expect 2 "$SNARL" analyze one nothing
    says "snarl: nothing"
    says "chopstick" out
}

@test "every process of a program is in the report, each with its parent" {
    expect 66 "$SNARL" run --json report.json -- sh -c 'fine; abandon; exit 3'
    [ "$(field '[p["argv"][0] for p in d["processes"]]' report.json)" = "['sh', 'fine', 'abandon']" ]
    [ "$(field '[p["parent"] for p in d["processes"]]' report.json)" = "[None, 1, 1]" ]
    [ "$(field 'd["program"]["exit_status"]' report.json)" = 3 ]
    no left_over
}

@test "a deadlock: 66 at once, both locks named" {
    start=$SECONDS
    expect 66 "$SNARL" run --json report.json -- deadlock
    [ $((SECONDS - start)) -lt 15 ]
    [ "$(field '[(f["kind"], f["level"]) for f in d["findings"]]' report.json)" = "[('deadlock', 'observed')]" ]
    says left
    says right
    no left_over
}

@test "record leaves a deadlock to --timeout; analyze finds it in the trace" {
    expect 124 "$SNARL" record --timeout=1 -o trace -- deadlock
    says "the program is left as it is"
    expect 1 "$SNARL" analyze --json report.json trace
    [ "$(field '[(f["kind"], f["level"]) for f in d["findings"]]' report.json)" = "[('deadlock', 'observed')]" ]
}

@test "bare LD_PRELOAD: the same output and code, and a trace to analyze" {
    LD_PRELOAD=$RECORDER expect 2 abandon 1 2
    [ "$(cat out)" = "abandon is done" ]
    silent err
    expect 1 "$SNARL" analyze snarl.abandon.*
    says "chopstick" out
    no says "shared accesses were not recorded" out
}

@test "bare LD_PRELOAD with SNARL_OPTIONS" {
    LD_PRELOAD=$RECORDER SNARL_OPTIONS='-o here\ %e' expect 0 abandon
    silent err
    expect 1 "$SNARL" analyze "here abandon"
    LD_PRELOAD=$RECORDER SNARL_OPTIONS="--output=$PWD/there --log-file=log" \
        expect 124 timeout 2 deadlock
    [ -s log ]
    silent err
    expect 1 "$SNARL" analyze there* # timeout is a program too
    says deadlock out
}

@test "dump, and with symbols" {
    expect 0 "$SNARL" record -o trace -- abandon
    expect 0 "$SNARL" dump trace
    grep -q ' acquire mutex ' out
    grep -q ' thread_create ' out
    no grep -q philosopher out
    silent err
    expect 0 "$SNARL" dump -s trace
    grep -q '^#.*philosopher' out
    expect 2 "$SNARL" dump nothing
    says "snarl: nothing"
}

@test "a trace that is empty, random or no file: 2, and a message" {
    : >empty
    head -c 5000 /dev/urandom >random
    for command in analyze dump; do
        for file in empty random nothing /; do
            expect 2 "$SNARL" $command $file
            says "snarl: $file"
            silent out
        done
    done
}

@test "a trace cut anywhere: what precedes the cut, the offset, and no crash" {
    expect 0 "$SNARL" record -o trace -- abandon
    size=$(stat -c %s trace)
    for cut in 1 100 4095 4096 4097 4200 6000 8191 8192 $((size / 2)) $((size - 1)); do
        head -c $cut trace >cut
        code=0
        "$SNARL" analyze cut >out 2>err || code=$?
        [ $code -le 2 ]
        says "cut: byte"
        code=0
        "$SNARL" dump cut >out 2>err || code=$?
        [ $code = 2 ]
        says "cut: byte"
    done
}

@test "a program killed in the middle leaves a trace to analyze" {
    expect 137 "$SNARL" record -o trace -- sh -c 'abandon; kill -9 $$'
    expect 1 "$SNARL" analyze trace trace.*
    says chopstick out
}

@test "SIGKILL in the middle of the garlic counter: the race is found in what was recorded" {
    local root=$BATS_TEST_DIRNAME/../.. build tries=200 ret=0
    build=$(dirname "$(dirname "$SNARL")")
    cc -c -g -O1 -fsanitize=thread -I "$root/tests/order" "$root/testcases/data-race/garlic.c"
    cc -g -O1 -fPIC -shared -o libsnarl_order.so "$root/tests/order/order.c"
    "$build/bin/snarl-cc" -o garlic garlic.o -L. -lsnarl_order -Wl,-rpath,. -pthread
    "$SNARL" record -o trace -- ./garlic 4000000000 >out 2>err &
    until [ "$("$SNARL" dump trace 2>/dev/null | grep -c ' write .*garlic')" -ge 2 ]; do
        ((tries--)) || return 1
        sleep 0.1
    done
    pkill -KILL -x -P $! garlic
    wait $! || ret=$?
    [ $ret = 137 ]
    expect 1 "$SNARL" analyze --json report.json trace
    says garlic_count out
    [ "$(field '[(f["kind"], f["level"]) for f in d["findings"]]' report.json)" = \
        "[('data-race', 'observed')]" ]
}

@test "an unwritable working directory: the trace goes to TMPDIR" {
    [ "$(id -u)" != 0 ] || command -v unshare || skip
    cd /proc
    expect_in=$BATS_TEST_TMPDIR
    code=0
    "$SNARL" record -- abandon >"$expect_in/out" 2>"$expect_in/err" || code=$?
    [ $code = 0 ]
    says "trace written to $TMPDIR/snarl.abandon." "$expect_in/err"
}

@test "a full disk: the program runs on, and snarl does not call it clean" {
    unshare -m true || skip "no right to mount"
    expect 125 unshare -m sh -c "mkdir small && mount -t tmpfs -o size=4k none small &&
        exec $SNARL run -o small/trace -- fine"
}

@test "a program built with -fsanitize=thread: the race is told, unless locks alone are wanted" {
    cat >race.c <<'C'
#include <pthread.h>
static int garlic;
static void *shop(void *unused)
{
    garlic++;
    return unused;
}
int main(void)
{
    pthread_t a, b;
    pthread_create(&a, NULL, shop, NULL);
    pthread_create(&b, NULL, shop, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}
C
    gcc -g -fsanitize=thread -o race race.c || skip "no ThreadSanitizer here"
    for accesses in auto tsan; do
        expect 66 "$SNARL" run --accesses=$accesses --json report.json -- ./race
        [ "$(field 'd["findings"][0]["kind"]' report.json)" = data-race ]
        [ "$(field 'd["recording"]["access_source"]' report.json)" = tsan ]
        no says "were not recorded"
    done
    expect 0 "$SNARL" run --accesses=none --json report.json -- ./race
    says "(--accesses=none)"
    [ "$(field 'd["recording"]["access_source"]' report.json)" = none ]
}

@test "a trace larger than memory is analyzed" {
    "$(dirname "$SNARL")/snarl-cc" -x c -g -O1 -pthread -o shop - <<'C'
#include <pthread.h>
static long shelves[1 << 16]; /* one after the other at random, so that the trace is long */
static int baskets;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *shopper(void *seed)
{
    unsigned shelf = (unsigned)(unsigned long)seed;
    for (int i = 0; i < 80000; i++) {
        pthread_mutex_lock(&lock);
        for (int k = 0; k < 50; k++) {
            shelf = shelf * 1664525 + 1013904223;
            shelves[shelf >> 16] += k;
        }
        pthread_mutex_unlock(&lock);
    }
    baskets++;
    return 0;
}
int main(void)
{
    pthread_t threads[2];
    for (unsigned long i = 0; i < 2; i++)
        pthread_create(&threads[i], 0, shopper, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], 0);
    return 0;
}
C
    expect 0 "$SNARL" record -o trace -- ./shop
    [ "$(stat -c %s trace)" -gt 82000000 ]
    within 76000 expect 1 "$SNARL" analyze trace
    says "data race on baskets [data-race, observed]" out
    says "note: only the first" out
    [ "$(grep -c '\[data-race' out)" = 1 ]
}

@test "a stripped program is named by debuginfod's files, by the user's directory, or not at all" {
    ldconfig -p | grep -q libdebuginfod || skip "no libdebuginfod"
    local id
    id=$(readelf -n "$BATS_FILE_TMPDIR/abandon" | awk '/Build ID/ { print $3 }')
    cp "$BATS_FILE_TMPDIR/abandon" stripped
    mkdir -p "server/buildid/$id" "debug/.build-id/${id:0:2}"
    objcopy --only-keep-debug stripped "server/buildid/$id/debuginfo"
    cp "server/buildid/$id/debuginfo" "debug/.build-id/${id:0:2}/${id:2}.debug"
    strip stripped
    export XDG_CACHE_HOME=$PWD/cache
    expect 66 "$SNARL" run --accesses=none -- ./stripped
    no grep -q chopstick err
    expect 66 "$SNARL" run --accesses=none --debug-path="$PWD/debug" -- ./stripped
    says "chopstick" && says "philosopher"
    expect 66 env DEBUGINFOD_URLS="file://$PWD/server" "$SNARL" run --accesses=none -- ./stripped
    says "chopstick" && says "philosopher"
}
