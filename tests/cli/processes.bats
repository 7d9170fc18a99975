# SPDX-License-Identifier: Apache-2.0
# Which processes of the tree are recorded, whatever lies between snarl and the program.

setup_file()
{
    cd "$BATS_FILE_TMPDIR"
    # A thread ends while it holds a lock: a finding.
    cat >abandon.c <<'C'
#include <pthread.h>
static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static void *philosopher(void *unused)
{
    pthread_mutex_lock(&chopstick);
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, philosopher, NULL);
    pthread_join(thread, NULL);
    return 3;
}
C
    cc -g -O0 -pthread -o abandon abandon.c
    cc -g -O0 -pthread -static -o static-abandon abandon.c
    ln -s abandon linked
    printf '#!/bin/sh\nexec abandon\n' >wrapper
    chmod +x wrapper
}

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    PATH=$BATS_FILE_TMPDIR:/usr/bin:/bin
    ABANDON=$BATS_FILE_TMPDIR/abandon
}

# found COMMAND...: its finding is told.
found()
{
    expect 66 "$SNARL" run --json report.json "$@"
    [ "$(field '[f["kind"] for f in d["findings"]]' report.json)" = "['abandoned-lock']" ]
    [ "$(field 'd["recording"]["complete"]' report.json)" = True ]
    no left_over
}

@test "shells, scripts and wrappers on the way do not hide the program" {
    found -- sh -c 'abandon; true'
    found -- sh -c 'exec abandon'
    found -- wrapper
    found -- env abandon
    found -- nice timeout 30 abandon
    found -- sh -c 'echo abandon | xargs -I{} sh -c "{}; true"'
}

@test "an environment of its own does not hide it either" {
    found -- env -i "$ABANDON"
    found -- env -i PATH="$PATH" sh -c 'abandon; true'
    found -- env -i PATH="$PATH" env -i PATH="$PATH" env wrapper
    found -- env -u LD_PRELOAD abandon
    found -- env -u SNARL_CONTROL -u SNARL_OPTIONS abandon
    found -- env LD_PRELOAD=libm.so.6 abandon
    found -- python3 -c 'import subprocess
subprocess.run(["abandon"], env={"PATH": "'"$PATH"'"})'
    found -- python3 -c 'import subprocess
subprocess.run(["'"$ABANDON"'"], env={}, close_fds=False)'
}

@test "what the program finds in its environment is what it was given" {
    expect 0 "$SNARL" run -- env -i env
    silent out
    expect 0 "$SNARL" run -- env -i A=b LD_PRELOAD=libm.so.6 C=d env
    [ "$(cat out)" = "$(printf 'A=b\nLD_PRELOAD=libm.so.6\nC=d')" ]
    expect 0 "$SNARL" run -- env -i sh -c 'export A=b; env'
    env -i sh -c 'export A=b; env' >alone
    cmp alone out
}

@test "an exit status passes through whatever is between" {
    expect 7 "$SNARL" run -- env -i sh -c 'exit 7'
    expect $((128 + 9)) "$SNARL" run -- env -i sh -c 'kill -9 $$'
}

@test "--follow=main: what snarl started, whatever it executes, and no child" {
    found --follow=main -- abandon
    found --follow=main -- sh -c 'exec abandon'
    found --follow=main -- env -i PATH="$PATH" sh -c 'exec abandon'
    [ "$(field 'len(d["processes"])' report.json)" = 3 ]
    expect 3 "$SNARL" run --follow=main --json report.json -- sh -c 'abandon; exit 3'
    [ "$(field 'len(d["processes"])' report.json)" = 1 ]
    expect 3 "$SNARL" run --follow=main --json report.json -- sh -c "env -i $ABANDON; exit 3"
    [ "$(field 'd["findings"]' report.json)" = "[]" ]
}

@test "--follow=PATTERN: those whose executable has such a name, or was called by it" {
    for pattern in abandon 'a*n' 'x,abandon' 'ab?nd[a-z]n' '*'; do
        found --follow="$pattern" -- env -i PATH="$PATH" sh -c '/bin/true; abandon; true'
    done
    found --follow=abandon -- linked
    [ "$(field 'len(d["processes"])' report.json)" = 1 ]
    found --follow=linked -- sh -c 'linked; true'
    [ "$(field 'len(d["processes"])' report.json)" = 1 ]
    found --follow=all -- sh -c 'abandon; true'
    [ "$(field 'len(d["processes"])' report.json)" -ge 2 ]
    expect 0 "$SNARL" record --follow=abandon -- sh -c 'abandon; true'
    [ "$(grep -c 'trace written to' err)" = 1 ]
}

@test "--follow: nobody matched, or no pattern: 125" {
    for command in run record; do
        expect 125 "$SNARL" $command --follow='ab,[x]*' -- sh -c 'abandon; echo hello'
        says "--follow=ab,[x]*: no such process was there"
        says "abandon"
        [ "$(cat out)" = hello ]
        no left_over
    done
    expect 125 "$SNARL" run --follow= -- echo hello
    silent out
    expect 125 "$SNARL" run --follow=/bin/sh -- echo hello
    says "--follow takes"
}

@test "a program that no recorder gets into is told" {
    expect 0 "$SNARL" run --json report.json -- sh -c 'static-abandon; static-abandon; true'
    says "static-abandon was executed"
    [ "$(grep -c 'was executed' err)" = 1 ]
    [ "$(field 'd["recording"]["complete"]' report.json)" = False ]
}

@test "a program that is executed as a user who cannot write a trace is told" {
    [ "$(id -u)" = 0 ] || skip "only root becomes another user"
    expect 0 "$SNARL" run --json report.json -- setpriv --reuid=65534 --clear-groups true
    says "executed a program that was not recorded"
    [ "$(field 'd["recording"]["complete"]' report.json)" = False ]
}

@test "a process that still runs is told, and what it did so far is analyzed" {
    cat >lingers.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static void *philosopher(void *unused)
{
    pthread_mutex_lock(&chopstick);
    return unused;
}
int main(void)
{
    int ends[2];
    char c = 0;
    pipe(ends);
    if (fork()) {
        close(ends[1]);
        read(ends[0], &c, 1);
        return 0;
    }
    setsid();
    pthread_t thread;
    pthread_create(&thread, NULL, philosopher, NULL);
    pthread_join(thread, NULL);
    FILE *file = fopen("lingers.pid", "w");
    fprintf(file, "%d", getpid());
    fclose(file);
    write(ends[1], &c, 1);
    close(ends[1]);
    pause();
}
C
    cc -g -O0 -pthread -o lingers lingers.c
    expect 66 "$SNARL" run --json report.json -- ./lingers
    says "process $(cat lingers.pid) still runs"
    says "abandoned-lock"
    kill -0 "$(cat lingers.pid)"
    kill "$(cat lingers.pid)"
    no left_over
}

@test "more than a thousand processes that all would have the same name for their trace" {
    expect 0 "$SNARL" run --json report.json -o trace -- \
        sh -c 'i=0; while [ $i -lt 1100 ]; do (:); i=$((i + 1)); done'
    [ "$(field 'len(d["processes"])' report.json)" = 1101 ]
    [ "$(field 'd["recording"]["complete"]' report.json)" = True ]
    [ "$(ls trace trace.* | wc -l)" = 1101 ]
}
