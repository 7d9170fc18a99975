/* SPDX-License-Identifier: Apache-2.0 */
/* Of which waits a run tells who ends them. */
#include "analyzer/predict/awaits.h"

#include "analyzer/predict/collect.h"
#include "tests/unit/trace_test.h"

#include <stdio.h>

#define THREADS                                                                                    \
    "T0 thread_create T1\nT1 thread_start 0x0 parent=T0\n"                                         \
    "T0 thread_create T2\nT2 thread_start 0x0 parent=T0\n"
#define HOLDS "T1 acquire mutex 0x50\n"
#define PARKED                                                                                     \
    "T1 acquire mutex 0x60\nT1 cond_wait 0x70 mutex=0x60\nT1 release mutex 0x60 in_wait\n"
#define WOKEN "T1 acquire mutex 0x60 in_wait\nT1 cond_wake 0x70\nT1 release mutex 0x60\n"

/* Reads all of TEXT, and again for its run. */
static bool collect(const char *text, struct an_run *run)
{
    struct trace trace = trace_of(text);
    struct tr_reader *reader = trace_open(&trace);
    struct an_collect_options options = {0};
    struct an_world first, world;
    struct an_awaits awaits = {0};
    struct tr_event ev;
    struct sn_error err;
    an_world_init(&first, reader);
    while (tr_reader_next(reader, &ev, &err) > 0) {
        an_world_event(&first, &ev);
        if (first.now.object)
            an_awaits_note(&awaits, &first, &ev, (uint32_t)first.now.thread->held.count);
    }
    bool any = an_awaits_any(&awaits, &first);
    an_awaits_release(&awaits);
    an_world_release(&first);
    assert_int_equal(an_collect(reader, &options, &world, run, &err), 0);
    an_world_release(&world);
    tr_reader_close(reader);
    trace_free(&trace);
    return any;
}

/* Lines of TEXT, "WAIT<WAKE" each, as lines from 1 on. */
static void expect(const char *text, const char *expected)
{
    struct an_run run = {0};
    char found[128] = "";
    bool any = collect(text, &run);
    vec_each (struct an_await, await, &run.awaits)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%llu<%llu%s",
                 *found ? " " : "", (unsigned long long)an_run_event(&run, await->op),
                 (unsigned long long)an_run_event(&run, await->wake), await->all ? "*" : "");
    assert_string_equal(found, expected);
    assert_true(any || !*expected);
    an_run_release(&run);
}

/* Events are numbered from 0: THREADS are 0 to 3. The mutex comes before the end of the wait is
 * told, or behind it. */
static void a_condition_that_one_thread_signals(void **state)
{
    (void)state;
    expect(THREADS HOLDS PARKED "T2 cond_signal 0x70\n" WOKEN, "10<9");
    expect(THREADS HOLDS PARKED "T2 cond_signal 0x70\nT1 cond_wake 0x70\n"
                                "T1 acquire mutex 0x60 in_wait\n",
           "10<9");
}

/* Signals before the wait begins count for nothing; the first one then ends it. */
static void the_first_signal_from_the_beginning_on(void **state)
{
    (void)state;
    expect(THREADS HOLDS "T2 cond_signal 0x70\n" PARKED
                         "T2 cond_signal 0x70\nT2 cond_signal 0x70\n" WOKEN,
           "12<10");
    expect(THREADS HOLDS "T2 cond_signal 0x70\n" PARKED WOKEN, "");
}

static void no_wait_that_others_may_end(void **state)
{
    (void)state;
    expect(THREADS HOLDS PARKED "T2 cond_signal 0x70\n" WOKEN "T0 cond_signal 0x70\n", "");
    expect(THREADS HOLDS "T1 acquire mutex 0x60\nT1 cond_wait 0x70 timed mutex=0x60\n"
                         "T1 release mutex 0x60 in_wait\nT2 cond_signal 0x70\n" WOKEN,
           "");
    expect(THREADS PARKED "T2 cond_signal 0x70\n" WOKEN, ""); /* it holds nothing */
}

static void the_token_that_a_wait_takes(void **state)
{
    (void)state;
    expect("T0 object_new sem 0x10 value=1\n" THREADS HOLDS
           "T1 sem_wait 0x10\nT2 sem_post 0x10\nT2 sem_post 0x10\nT1 sem_wait 0x10\n",
           "10<8");
    expect("T0 object_new sem 0x10 value=1\n" THREADS HOLDS
           "T1 sem_wait 0x10\nT2 sem_post 0x10\nT1 sem_wait 0x10 timed\n",
           "");
    expect("T0 object_new sem 0x10 value=0\n" THREADS HOLDS
           "T2 sem_post 0x10\nT1 sem_wait 0x10\nT2 sem_post 0x10\nT0 sem_wait 0x10\n",
           "");
    expect("T0 object_new sem 0x10 process_shared value=0\n" THREADS HOLDS
           "T2 sem_post 0x10\nT1 sem_wait 0x10\n",
           "");
}

#define ENTER(thread) thread " barrier_enter 0x10\n"
#define EXIT(thread)  thread " barrier_exit 0x10\n"

/* Each round by itself, also where who left one is told late. */
static void whoever_is_missing_at_a_barrier(void **state)
{
    (void)state;
    expect("T0 object_new barrier 0x10 value=2\n" THREADS HOLDS ENTER("T1") ENTER("T2") EXIT("T2")
               ENTER("T2") EXIT("T1") ENTER("T1") EXIT("T1") EXIT("T2"),
           "9<7* 11<8* 13<10* 14<12*");
    expect("T0 object_new barrier 0x10 value=2\n" THREADS HOLDS ENTER("T1") ENTER("T2") EXIT("T2")
               EXIT("T1") ENTER("T1") ENTER("T0") EXIT("T1") EXIT("T0"),
           ""); /* the other one may be any of two */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_that_one_thread_signals),
        cmocka_unit_test(the_first_signal_from_the_beginning_on),
        cmocka_unit_test(no_wait_that_others_may_end),
        cmocka_unit_test(the_token_that_a_wait_takes),
        cmocka_unit_test(whoever_is_missing_at_a_barrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
