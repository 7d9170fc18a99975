# SPDX-License-Identifier: Apache-2.0
# `run` stops a program that can never go on, and no other: what waits for the world, or may, is
# left alone. Each program here that waits does so for longer than the watch takes to be certain.

setup_file()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    cd "$BATS_FILE_TMPDIR" || exit 1
    "${CC:-cc}" -g -O1 -Wall -Wextra -Werror -pthread -o waits "$BATS_TEST_DIRNAME/waits.c"
    "${CC:-cc}" -static -O1 -x c -o lone - <<'C'
#include <unistd.h>
int main(void)
{
    sleep(3);
    return write(1, "done", 4) != 4;
}
C
}

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    PATH=$BATS_FILE_TMPDIR:$PATH
}

# goes_on NAME [ARGUMENT...]: it is left alone until it ends by itself.
goes_on()
{
    expect 0 "$SNARL" run --accesses=none --fail-on=none -- waits "$@"
    no says "is stopped"
    says done out
}

# go_on NAME...: the same for each, side by side.
go_on()
{
    local name pids=()
    for name; do
        mkdir "$name"
        (cd "$name" && goes_on "$name") 3>&- &
        pids+=($!)
    done
    for name in "${pids[@]}"; do
        wait "$name"
    done
}

# child_of PID NAME: the number of PID's child of that name, once it is there.
child_of()
{
    local tries=100
    until pgrep -x -P "$1" "$2"; do
        ((tries--)) || return 1
        sleep 0.1
    done
}

@test "a program that can never go on: 66 within seconds, and who waits for what" {
    expect 66 "$SNARL" run --json report.json -o trace -- waits for-ever
    says "none of its threads can ever go on"
    [ "$(field '[(f["kind"], f["level"]) for f in d["findings"]]' report.json)" = \
        "[('stuck-thread', 'observed')]" ]
    [ "$(field 'd["program"]["hung"]' report.json)" = True ]
    [ "$(field 'd["program"]["timed_out"]' report.json)" = False ]
    [ "$(field '0.5 < d["program"]["still_for"] < 3' report.json)" = True ]
    expect 1 "$SNARL" analyze --json again.json trace
    [ "$(field 'd["findings"][0]["id"]' again.json)" = "$(field 'd["findings"][0]["id"]' report.json)" ]
}

@test "--fail-on=none does not make a hang a success" {
    expect 66 "$SNARL" run --fail-on=none -- waits for-ever
    expect 9 "$SNARL" run --error-exitcode=9 -- waits for-ever
}

@test "--hang=off, and record, leave it alone" {
    expect 66 "$SNARL" run --hang=off --timeout=4 --json report.json -- waits for-ever
    no says "is stopped"
    [ "$(field 'd["program"]["hung"]' report.json)" = False ]
    [ "$(field 'd["program"]["timed_out"]' report.json)" = True ]
    expect 124 "$SNARL" record --timeout=4 -o trace -- waits for-ever
    no says "is stopped"
    expect 125 "$SNARL" run --hang=never -- waits for-ever
    says "--hang takes a number"
}

@test "time limits, and timers by handlers, threads, descriptors" {
    go_on sleep poll timed socket-timed alarm timer-thread timer-descriptor
}

@test "children at work, and threads that take turns" {
    go_on child spawn turns
}

@test "input from outside: a pipe, a FIFO, a terminal, a connection" {
    (sleep 3; echo x) | goes_on stdin
    mkfifo fifo
    (sleep 3; echo x >fifo) 3>&- &
    goes_on fifo
    (sleep 3; echo x) | expect 0 script -qec "$SNARL run --accesses=none -- waits stdin" /dev/null
    no says "is stopped" out
}

@test "a connection that nobody makes at first" {
    "$SNARL" run --accesses=none -- waits accept >out 2>err 3>&- &
    local run=$! ret=0 tries=100
    until [ -S door ]; do
        ((tries--)) || return 1
        sleep 0.1
    done
    sleep 3
    waits connect
    wait $run || ret=$?
    [ $ret = 0 ]
    says done out
}

@test "signals from outside: a handler that posts, sigwait" {
    for way in handler sigwait; do
        "$SNARL" run --accesses=none -- waits $way >out 2>err 3>&- &
        local run=$! ret=0 pid
        pid=$(child_of $run waits)
        sleep 3
        kill -USR1 "$pid"
        wait $run || ret=$?
        [ $ret = 0 ]
        says done out
    done
}

@test "a process that is stopped" {
    "$SNARL" run --accesses=none -- waits stops >out 2>err 3>&- &
    local run=$! ret=0 pid
    pid=$(child_of $run waits)
    sleep 3
    kill -CONT "$pid"
    wait $run || ret=$?
    [ $ret = 0 ]
    says done out
}

@test "snarl itself stopped for a while" {
    "$SNARL" run --accesses=none -- waits turns >out 2>err 3>&- &
    local run=$! ret=0
    child_of $run waits
    for _ in 1 2; do
        sleep 0.3
        kill -STOP $run
        sleep 1.2
        kill -CONT $run
    done
    wait $run || ret=$?
    [ $ret = 0 ]
    no says "is stopped"
}

@test "children that are not recorded" {
    goes_on child-reads "$BATS_FILE_TMPDIR/lone"
    goes_on popen "$BATS_FILE_TMPDIR/lone"
    expect 0 "$SNARL" run --accesses=none --follow=main --fail-on=none -- waits child
    no says "is stopped"
}

@test "other processes: a shared semaphore, a lock of a file, a pipe passed on" {
    waits post-shared 3>&- &
    goes_on shared
    (flock 9; sleep 3) 9>locked 3>&- &
    sleep 0.3
    goes_on flock
}

@test "a socket whose peer is outside" {
    waits outside "$SNARL" run --accesses=none -- waits inside >out 2>err
    no says "is stopped"
    says done out
}
