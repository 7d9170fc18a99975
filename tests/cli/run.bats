# SPDX-License-Identifier: Apache-2.0
# `run` and `record` around a program: its exit, its descriptors and signals, what the recorder's
# side may do. The recorder is a stand-in.

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    stand_in recording
}

@test "the program's own exit code" {
    for code in 0 1 2 66 124 125 126 127 255; do
        expect $code "$SNARL" run -- sh -c "exit $code"
        expect $code "$SNARL" record -- sh -c "exit $code"
    done
    silent out
}

@test "exit 66 is told apart in the JSON" {
    expect 66 "$SNARL" run --json report.json -- sh -c 'exit 66'
    [ "$(field 'd["program"]["exit_status"]' report.json)" = 66 ]
    [ "$(field 'd["program"]["signal"]' report.json)" = None ]
    [ "$(field 'd["summary"]["gated"]' report.json)" = 0 ]
    [ "$(field 'd["program"]["argv"]' report.json)" = "['sh', '-c', 'exit 66']" ]
    [ "$(field 'd["program"]["timed_out"]' report.json)" = False ]
    [ "$(field 'd["recording"]["traces"]' report.json)" = "['$STAND_IN_TRACE']" ]
}

@test "death by signal N is 128+N" {
    for signal in 6 9 11 15; do
        expect $((128 + signal)) "$SNARL" run --json report.json -- sh -c "kill -$signal \$\$"
        [ "$(field 'd["program"]["signal"]' report.json)" = $signal ]
        expect $((128 + signal)) "$SNARL" run -- sh -c "kill -$signal \$\$"
        cat out err | grep -q "the program was ended by signal $signal, SIG"
        [ "$(field 'd["program"]["exit_status"]' report.json)" = None ]
        expect $((128 + signal)) "$SNARL" record -- sh -c "kill -$signal \$\$"
    done
}

@test "options behind the program's name are the program's" {
    expect 0 "$SNARL" run echo --help --json -o x -- y
    [ "$(cat out)" = "--help --json -o x -- y" ]
    expect 0 "$SNARL" run -- echo -n -- --version
    [ "$(cat out)" = "-- --version" ]
}

@test "stdin, stdout and stderr are the program's" {
    expect 0 "$SNARL" run --log-file log -- sh -c 'cat; echo to stderr >&2' <<<"through stdin"
    [ "$(cat out)" = "through stdin" ]
    [ "$(cat err)" = "to stderr" ]
    says "no findings" log
}

@test "closed standard descriptors stay closed, and no report takes their place" {
    compile closed <<'C'
#include <fcntl.h>
int main(void)
{
    int open = 0;
    for (int fd = 0; fd < 3; fd++)
        open |= (fcntl(fd, F_GETFD) >= 0) << fd;
    return open;
}
C
    without() { "$@" <&- >&- 2>&-; }
    expect 0 without ./closed
    expect 0 without "$SNARL" run --json report.json -- ./closed
    [ "$(field 'd["program"]["exit_status"]' report.json)" = 0 ]
    expect 7 "$SNARL" run -- ./closed
}

@test "no descriptor leaks into the program" {
    sh -c 'ls -l /proc/self/fd' | wc -l >alone
    expect 0 "$SNARL" run --json j --format=text:t --log-file l -o trace -- \
        sh -c 'ls -l /proc/self/fd | wc -l'
    cmp alone out
}

@test "signal mask and dispositions are the program's own" {
    echo 'SigBlk|SigIgn|SigCgt' >pattern
    show='grep -E "SigBlk|SigIgn|SigCgt" /proc/self/status'
    sh -c "$show" >alone
    expect 0 "$SNARL" run -- sh -c "$show"
    cmp alone out
    compile ignoring <<'C'
#include <signal.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    (void)argc;
    execvp(argv[1], argv + 1);
}
C
    ./ignoring grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status >alone
    expect 0 ./ignoring "$SNARL" run -- grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status
    cmp alone out
    expect 3 ./ignoring "$SNARL" run -- sh -c 'exit 3'
}

@test "the program is in snarl's process group and session" {
    expect 0 "$SNARL" run -- sh -c 'ps -o pgid=,sid= -p $PPID,$$ | sort -u | wc -l'
    [ "$(cat out)" = 1 ]
}

@test "the environment is kept, LD_PRELOAD in front" {
    export SOMETHING="a b" LD_PRELOAD=libm.so.6 SNARL_OPTIONS="--accesses=none"
    expect 0 "$SNARL" run -- env
    says "SOMETHING=a b" out
    grep -qx "LD_PRELOAD=$(realpath "$STAND_IN_LIBRARY").*:libm.so.6" out
    grep -qx "SNARL_OPTIONS=-o .*/snarl.%e.%p --accesses=none" out
    [ "$(grep -c ^LD_PRELOAD= out)" = 1 ]
}

@test "the stubs of ThreadSanitizer's run-time come behind the recorder" {
    mkdir -p lib/stubs
    cp "$STAND_IN_LIBRARY" lib/libsnarl.so
    cp "$(dirname "$RECORDER")"/stubs/libtsan.so.2 lib/stubs/
    SNARL_LIBRARY=$PWD/lib/libsnarl.so expect 0 "$SNARL" run -- printenv LD_PRELOAD
    [ "$(cat out)" = "$PWD/lib/libsnarl.so:$PWD/lib/stubs/libtsan.so.2" ]
}

@test "the recorder is told where to write: blanks, backslashes and per cents survive" {
    mkdir 'a b\c%p'
    cd 'a b\c%p'
    expect 0 "$SNARL" run --accesses=none -o 'x y' -- printenv SNARL_OPTIONS
    [ "$(cat out)" = "-o $(printf %s "$BATS_TEST_TMPDIR" | sed 's/[ \\]/\\&/g')/a\\ b\\\\c%%p/x\\ y --accesses=none" ]
}

@test "the recorder did not attach: 125" {
    stand_in silent
    for command in run record; do
        expect 125 "$SNARL" $command -- echo hello
        says "the recorder did not attach"
        [ "$(cat out)" = hello ]
    done
}

@test "the recorder attached and cannot record: 125, with the reason" {
    stand_in off
    for command in run record; do
        expect 125 "$SNARL" $command -- echo hello
        says "No space left on device"
        [ "$(cat out)" = hello ]
    done
    stand_in starting
    expect 125 "$SNARL" run -- true
    says "ended while its recorder was starting"
}

@test "the recorder gave up on the way: what there is, and 125" {
    stand_in gave-up
    for command in run record; do
        expect 125 "$SNARL" $command -- true
    done
    expect 125 "$SNARL" run --json report.json -- true
    says "the recorder gave up"
    says "switched itself off: No space left"
    [ "$(field 'd["recording"]["complete"]' report.json)" = False ]
}

@test "a deadlock stops the program at once: 66, or --error-exitcode" {
    stand_in deadlock
    start=$SECONDS
    expect 66 "$SNARL" run -- sleep 30
    says "deadlock in process"
    expect 3 "$SNARL" run --error-exitcode=3 -- sleep 30
    [ $((SECONDS - start)) -lt 15 ]
}

@test "a deadlocked program that ignores SIGTERM is killed after half a second" {
    stand_in deadlock
    start=$SECONDS
    expect 66 "$SNARL" run -- sh -c 'trap "" TERM; while :; do sleep 0.1; done'
    [ $((SECONDS - start)) -lt 15 ]
}

@test "a deadlock in a child stops the child too" {
    compile victim <<'C'
#include <unistd.h>
int main(void)
{
    pause();
}
C
    # The shell has no stand-in: only the victim tells of a deadlock, before its main.
    expect 66 "$SNARL" run -- sh -c \
        'sh -c "echo \$\$ >victim.pid; exec env STAND_IN=deadlock ./victim"; echo never'
    ended "$(cat victim.pid)"
    silent out
}

@test "a deadlock in a child stops the child, though its parent ends as soon as it is told" {
    compile victim <<'C'
#include <unistd.h>
int main(void)
{
    pause();
}
C
    expect 66 "$SNARL" run -- sh -c 'env STAND_IN=deadlock ./victim & echo $! >victim.pid
        until grep -q "deadlock in process" err; do :; done'
    ended "$(cat victim.pid)"
}

@test "record leaves a deadlocked program as it is; --timeout ends it" {
    stand_in deadlock
    expect 5 "$SNARL" record -- sh -c 'sleep 0.3; exit 5'
    says "the program is left as it is"
    expect 124 "$SNARL" record --timeout=0.3 -- sleep 30
}

@test "a process that does not share the control page is never signalled" {
    stand_in pid-one
    [ "$(id -u)" = 0 ] || skip "only root could"
    sleep 30 &
    expect 66 "$SNARL" run -- sleep 30
    kill -0 1
    kill -0 $!
    kill $!
}

@test "--timeout: 124, and told in the JSON" {
    start=$SECONDS
    expect 124 "$SNARL" run --timeout=0.3 --json report.json -- sleep 30
    [ "$(field 'd["program"]["timed_out"]' report.json)" = True ]
    [ "$(field 'd["program"]["signal"]' report.json)" = 15 ]
    expect 124 "$SNARL" record --timeout=0.3 -- sleep 30
    [ $((SECONDS - start)) -lt 15 ]
}

@test "--timeout: SIGKILL two seconds later" {
    start=$SECONDS
    expect 124 "$SNARL" run --timeout=0.3 --json report.json -- \
        sh -c 'trap "" TERM; while :; do sleep 0.1; done'
    [ $((SECONDS - start)) -ge 2 ]
    [ $((SECONDS - start)) -lt 15 ]
    [ "$(field 'd["program"]["signal"]' report.json)" = 9 ]
}

@test "--timeout reaches the children that are recorded" {
    expect 124 "$SNARL" run --timeout=0.5 -- sh -c 'sleep 29 & echo $! >pid; wait'
    ended "$(cat pid)"
}

@test "a program that is faster than --timeout keeps its code" {
    expect 7 "$SNARL" run --timeout=30 -- sh -c 'exit 7'
}

@test "SIGTERM and SIGHUP sent to snarl are passed on, and the report still comes" {
    for signal in TERM HUP; do
        "$SNARL" run --json report.json -- \
            sh -c "trap 'echo got it; exit 9' $signal; touch ready; while :; do sleep 0.05; done" \
            >out 2>err &
        until [ -e ready ]; do sleep 0.05; done
        kill -$signal $!
        code=0
        wait $! || code=$?
        [ $code = 9 ]
        [ "$(cat out)" = "got it" ]
        [ "$(field 'd["program"]["exit_status"]' report.json)" = 9 ]
        rm ready report.json
    done
}

@test "SIGINT of the terminal ends the program, and the report still comes" {
    cat >terminal.py <<'PYTHON'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while not os.path.exists("ready"):
    time.sleep(0.05)
os.write(terminal, b"\x03")
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
    expect 130 timeout 20 python3 terminal.py "$SNARL" run --json report.json -- \
        sh -c 'touch ready; exec sleep 30'
    [ "$(field 'd["program"]["signal"]' report.json)" = 2 ]
    no left_over
}

@test "traces of run are removed, unless -o names one" {
    expect 0 "$SNARL" run -- true
    [ ! -e "$STAND_IN_TRACE" ]
    expect 0 "$SNARL" run -o "$STAND_IN_TRACE" -- true
    [ -s "$STAND_IN_TRACE" ]
    expect 0 "$SNARL" record -- true
    [ -s "$STAND_IN_TRACE" ]
    says "trace written to $STAND_IN_TRACE"
    no left_over
}

@test "only a trace is removed" {
    export STAND_IN_TRACE=$PWD/precious
    echo data >precious
    cat >rewrite.sh <<'END'
echo data >precious
END
    expect 125 "$SNARL" run -- sh rewrite.sh
    [ "$(cat precious)" = data ]
}

@test "-o: an earlier trace is removed, what is no file is not" {
    echo old >old
    expect 0 "$SNARL" record -o old -- test ! -e old
    mkdir directory
    expect 125 "$SNARL" record -o directory -- true
    says "snarl: $PWD/directory: is there and no regular file"
    expect 125 "$SNARL" run -o /dev/null -- true
    says "/dev/null"
    [ -c /dev/null ]
    expect 125 "$SNARL" run -o nowhere/trace -- echo hello
    says "nowhere/trace"
    silent out
}

@test "the control page is removed" {
    expect 0 "$SNARL" run -- printenv SNARL_CONTROL
    [[ $(cat out) == "$TMPDIR"/snarl-control.* ]]
    no left_over
}

@test "snarl told to end while it reports: traces and control page are removed" {
    for signal in TERM INT; do
        rm -f full ready
        mkfifo full
        sleep 20 <full &
        reader=$!
        # The program fills the pipe, so that the report waits. A background job of a script
        # ignores SIGINT: python gives it back.
        python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$SNARL" run -- \
            sh -c 'head -c 65536 /dev/zero >&2; touch ready' 2>full &
        until [ -e ready ]; do sleep 0.05; done
        sleep 0.5
        [ -e "$STAND_IN_TRACE" ]
        kill -$signal $!
        code=0
        wait $! || code=$?
        [ $code -gt 128 ]
        [ ! -e "$STAND_IN_TRACE" ]
        no left_over
        kill $reader
    done
}

@test "without a directory for the control page there is a nameless one" {
    export TMPDIR=/nowhere STAND_IN_TRACE=/dev/shm/snarl-test.$$
    unshare -m true || skip "no right to make a mount namespace"
    expect 0 unshare -m sh -c "mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp &&
        exec $SNARL run -- printenv SNARL_CONTROL"
    [[ $(cat out) == /proc/*/fd/* ]]
    no test -e "$STAND_IN_TRACE"
}

@test "--log-file takes the findings, bare formats follow it" {
    expect 0 "$SNARL" run --log-file log -- true
    says "no findings" log
    silent out err
    expect 0 "$SNARL" run --log-file log --format=json -- true
    [ "$(field 'd["schema"]' log)" = snarl-report/1 ]
    silent out err
}

@test "where reports go: stderr by default, stdout for -, files for names" {
    expect 0 "$SNARL" run --format=json -- true
    [ "$(field 'd["schema"]' err)" = snarl-report/1 ]
    silent out
    expect 0 "$SNARL" run --json - -- true
    [ "$(field 'd["schema"]' out)" = snarl-report/1 ]
    says "no findings"
    expect 0 "$SNARL" run --format=text:text --format=json:one --json two -- true
    silent out err
    says "no findings" text
    cmp one two
    expect 0 "$SNARL" run --json one -- true
    says "no findings"
}

@test "a report that cannot be written: 125, before the program starts" {
    expect 125 "$SNARL" run --json /nowhere/report.json -- echo hello
    says "/nowhere/report.json"
    silent out
    expect 125 "$SNARL" run --json /dev/full -- echo hello
    says "/dev/full: cannot be written"
    [ "$(cat out)" = hello ]
}

@test "an earlier report is kept until there is a new one, and then replaced wholly" {
    head -c 100000 /dev/zero | tr '\0' x >report.json
    expect 127 "$SNARL" run --json report.json -- ./nothing
    [ "$(wc -c <report.json)" = 100000 ]
    expect 0 "$SNARL" run --json report.json -- true
    field d report.json >/dev/null
}

@test "one thread alone has no shared accesses that could be missing" {
    expect 0 "$SNARL" run --accesses=none -- true
    no says "not recorded"
}

@test "a baseline that cannot be read: 125, before the program starts" {
    expect 125 "$SNARL" run --baseline=nothing.json -- echo hello
    says "nothing.json"
    silent out
}

@test "no room for any file: 125" {
    limited() { (ulimit -f 0; exec "$SNARL" run -- echo hello) 2>&1 | cat; return "${PIPESTATUS[0]}"; }
    expect 125 limited
    says "ulimit -f" out
    no grep hello out
}
