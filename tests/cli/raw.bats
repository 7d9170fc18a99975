# SPDX-License-Identifier: Apache-2.0
# Raw results: --list.

setup() { source "$BATS_TEST_DIRNAME/setup.bash"; }

# Two racing writes behind a handed-on lock.
hidden_race()
{
    printf '%s\n' 'T1|w(x.y[0])|1' 'T1|acq(l)|2' 'T1|rel(l)|3' 'T2|acq(l)|4' 'T2|w(z)|5' \
        'T2|rel(l)|6' 'T1|w(z)|7' 'T2|r(z)|8' 'T3|r(x.y[0])|9'
}

@test "races are told by the numbers of their lines, with names, and summed up" {
    hidden_race >trace.std
    expect 0 "$SNARL" analyze --list --relation=hb trace.std
    printf '%s\n' 'race 5 7 z' 'race 7 8 z' 'race 1 9 x.y[0]' 'summary 9 3 1 2 3 2 0' | cmp out -
    silent err
}

@test "deadlocks are told by the acquisitions that close the cycle" {
    printf '%s\n' 'T1|acq(a)|1' 'T1|acq(b)|2' 'T1|rel(b)|3' 'T1|rel(a)|4' 'T2|acq(b)|5' \
        'T2|acq(a)|6' 'T2|rel(a)|7' 'T2|rel(b)|8' >trace.std
    for kind in patterns spd; do
        expect 0 "$SNARL" analyze --list --deadlocks=$kind trace.std
        printf '%s\n' 'deadlock 2 6' 'summary 8 2 2 0 0 0 1' | cmp out -
        silent err
    done
    expect 0 "$SNARL" analyze --list trace.std
    printf '%s\n' 'deadlock 2 6' 'summary 8 2 2 0 0 0 1' | cmp out -
}

@test "standard input is read as it comes" {
    hidden_race >trace.std
    expect 0 "$SNARL" analyze --list --relation=hb trace.std
    mv out wanted
    (head -c 20 trace.std; tail -c +21 trace.std) |
        expect 0 "$SNARL" analyze --list --relation=hb --input=std /dev/stdin
    cmp out wanted
}

@test "a trace larger than memory is followed" {
    python3 - <<'END'
with open("trace.std", "w") as out:
    for i in range(60000):
        out.write("".join(f"T{i % 3}|w(v{i % 3}_{k})|1\n" for k in range(100)))
END
    [ "$(stat -c %s trace.std)" -gt 80000000 ]
    within 60000 expect 0 "$SNARL" analyze --list --relation=fasttrack trace.std
    echo 'summary 6000000 3 0 300 0 0 0' | cmp out -
}

@test "what is wrong is told with its place, and there is no summary" {
    printf '%s\n' 'T1|w(x)|1' 'T2|w(x)|1' 'T2|w(x)' >trace.std
    expect 2 "$SNARL" analyze --list --relation=hb trace.std
    echo 'race 1 2 x' | cmp out -
    says "snarl: trace.std: byte 20: line 3: three fields with | between them are expected: T2|w(x)"
    : >empty.std
    expect 2 "$SNARL" analyze --list --relation=hb --input=std empty.std
    says "snarl: empty.std: byte 0: the trace is empty"
    expect 2 "$SNARL" analyze --list --relation=hb --input=std nowhere.std
    says "snarl: nowhere.std: it cannot be opened"
    printf 'T1|w(x)|1\r\n' >dos.std
    expect 2 "$SNARL" analyze --list --relation=hb dos.std
    says "the line ends in CR LF, not in LF alone"
}

@test "wrong options" {
    hidden_race >trace.std
    expect 2 "$SNARL" analyze --list --relation=xyz trace.std
    says "--relation=xyz: this version knows hb, "
    expect 2 "$SNARL" analyze --list --deadlocks=all trace.std
    says "--deadlocks=all: this version knows patterns, spd"
    expect 2 "$SNARL" analyze --list --input=pdf trace.std
    says "--input=pdf: this version knows auto, snarl, std, xstd"
    expect 2 "$SNARL" analyze --list --jobs=0 trace.std
    expect 2 "$SNARL" analyze --list --relation=hb trace.std trace.std
    says "--list takes one trace"
}

@test "findings by another relation: proved by a reordering, or possible" {
    printf '%s\n' 'T1|acq(l)|1' 'T1|w(x)|2' 'T1|w(y)|3' 'T1|rel(l)|4' 'T2|acq(l)|5' 'T2|w(y)|6' \
        'T2|rel(l)|7' 'T2|w(x)|8' >trace.std # only sections that change places show it
    for relation in syncp shb wcp; do
        expect 0 "$SNARL" analyze --relation=$relation trace.std
        says "no findings" out
    done
    for relation in osr lockset; do
        expect 1 "$SNARL" analyze --relation=$relation --json=report.json trace.std
        says "data race on x [data-race, predicted]" out
        field '[(s["thread"], s["what"]) for s in d["findings"][0]["witness"]]' report.json >steps
        echo "[(1, 'lock l'), (1, 'unlock l'), (0, 'lock l'), (0, 'write x'), (1, 'write x')]" |
            cmp - steps
        sed -n 's/^ *[0-9]  *\(.*[^ ]\) *$/\1/p' out | tr -s ' ' >told # each in its column
        printf '%s\n' 'lock l' 'unlock l' 'lock l' 'write x' 'write x' | cmp - told
    done
    # The write that was read keeps them apart: no order shows what the lock set tells of.
    printf '%s\n' 'T1|w(x)|1' 'T1|acq(l)|2' 'T1|w(y)|3' 'T1|rel(l)|4' 'T2|acq(l)|5' 'T2|r(y)|6' \
        'T2|rel(l)|7' 'T2|w(x)|8' >trace.std
    expect 0 "$SNARL" analyze --relation=osr trace.std
    expect 0 "$SNARL" analyze --relation=lockset trace.std
    says "data race on x [data-race, possible]" out
    says "lockset tells of it; no order was found that shows it" out
}

@test "findings of deadlocks: those that are proved alone" {
    printf '%s\n' 'T1|acq(a)|1' 'T1|acq(b)|2' 'T1|acq(c)|3' 'T1|w(x)|4' 'T1|rel(c)|5' \
        'T1|rel(b)|6' 'T1|rel(a)|7' 'T2|acq(c)|8' 'T2|r(x)|9' 'T2|rel(c)|10' 'T2|acq(b)|11' \
        'T2|acq(a)|12' 'T2|rel(a)|13' 'T2|rel(b)|14' >trace.std # it reads what the first wrote
    expect 0 "$SNARL" analyze trace.std
    says "[deadlock, possible]" out
    expect 0 "$SNARL" analyze --deadlocks=spd trace.std
    no says "[deadlock" out
}

@test "a full disk is told" {
    hidden_race >trace.std
    code=0
    "$SNARL" analyze --list --relation=hb trace.std >/dev/full 2>err || code=$?
    [ $code = 2 ]
    says "stdout: cannot be written"
}

@test "extended STD: by content, by name, by --input; events are lines" {
    printf '%s\n' 'T1|w(x)|1' 'T1|st_rel(f,1)|2' 'T2|ld_acq(f,0)|3' 'T2|r(x)|4' >old.txt
    for form in '' --input=xstd; do
        expect 0 "$SNARL" analyze --list --relation=hb $form old.txt
        printf '%s\n' 'race 1 4 x' 'summary 4 2 0 2 1 1 0' | cmp out -
        silent err
    done
    expect 2 "$SNARL" analyze --list --relation=hb --input=std old.txt
    says "line 2: STD has no such operation (extended STD may have): st_rel"
    printf '%s\n' 'T1|w8(100)|1' 'T2|r4(104)|2' >overlap.xstd
    expect 0 "$SNARL" analyze --list overlap.xstd
    printf '%s\n' 'race 1 2 104' 'summary 2 2 0 2 1 1 0' | cmp out -
    printf '%s\n' 'T1|w(x)|1' 'T2|w(x)|1' >plain.xstd
    expect 0 "$SNARL" analyze --list plain.xstd
    printf '%s\n' 'race 1 2 x' 'summary 2 2 0 1 1 1 0' | cmp out -
    printf '%s\n' 'T1|racq(a)|1' 'T1|acq(b)|2' 'T1|rel(b)|3' 'T1|rrel(a)|4' 'T2|racq(b)|5' \
        'T2|acq(a)|6' 'T2|rel(a)|7' 'T2|rrel(b)|8' >cycle.xstd
    expect 0 "$SNARL" analyze --list --deadlocks=spd cycle.xstd
    printf '%s\n' 'deadlock 2 6' 'summary 8 2 2 0 0 0 1' | cmp out -
}

@test "text gives findings, too, in its own names" {
    printf '%s\n' 'main|fork(helper)|10' 'main|w(total)|11' 'helper|acq(guard)|20' \
        'helper|w(total)|21' 'helper|rel(guard)|22' 'main|join(helper)|12' >race.std
    expect 1 "$SNARL" analyze race.std
    says "data race on total" out
    says "holding guard" out
    says "location 21" out
    no grep -q 'not recorded' out
    silent err
    printf '%s\n' 'T1|w(x)|1' 'T1|w(x|1' >broken.std
    expect 2 "$SNARL" analyze broken.std
    says "snarl: broken.std: byte 10: line 2: an operation such as w(NAME) is expected: w(x"
}

@test "dump --to: text from text, and what STD has no word for" {
    printf '%s\n' 'T0|fork(T1)|1' 'T1|racq(0x10)|2' 'T1|w(0x20)|3' 'T1|rrel(0x10)|4' \
        'T0|join(T1)|5' >t.xstd
    expect 0 "$SNARL" dump --to=xstd t.xstd
    cmp out t.xstd
    silent err
    expect 0 "$SNARL" dump --to=std t.xstd
    printf '%s\n' 'T0|fork(T1)|1' 'T1|w(0x20)|3' 'T0|join(T1)|5' | cmp out -
    says "snarl: note: left out, for want of a word: 1 acquire, 1 release"
    expect 0 "$SNARL" dump t.xstd
    says 'T1 acquire rwlock 0x10 v1 shared t=2' out
    expect 2 "$SNARL" dump --to=pdf t.xstd
    says "--to=pdf: this version knows text, std, xstd"
}

@test "a recorded trace: listed by its own numbers, written as text, and listed alike" {
    compile race <<'END'
#include <pthread.h>
static volatile int done; /* an order that is not recorded: they must not meet */
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void *both(void *first)
{
    pthread_mutex_t *second = first == &a ? &b : &a;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    done = 1;
    return NULL;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, both, &a);
    while (!done)
        ;
    both(&b);
    return pthread_join(thread, NULL);
}
END
    export SNARL_LIBRARY=$RECORDER
    expect 0 "$SNARL" record --accesses=none -o trace -- ./race
    expect 0 "$SNARL" analyze --list --deadlocks=spd trace
    grep -q '^deadlock [0-9]* [0-9]*$' out
    grep -q '^summary [0-9]* 2 [0-9]* 0 0 0 1$' out
    for event in $(sed -n 's/^deadlock //p' out); do
        "$SNARL" dump trace | grep -q "^$event T[01] acquire mutex" || return 1
    done
    for form in std xstd; do
        "$SNARL" dump --to=$form trace >trace.$form
        expect 0 "$SNARL" analyze --list --deadlocks=spd trace.$form
        [ "$(grep -c '^deadlock' out)" = 1 ]
    done
}
