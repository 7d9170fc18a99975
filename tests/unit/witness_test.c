/* SPDX-License-Identifier: Apache-2.0 */
/* The checker of witnesses: it takes a right one, and refuses each kind of wrong one by name. */
#include "analyzer/predict/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OP(t, k, to) ((struct tr_op){.thread = (t), .kind = TR_OP_##k, .target = (to)})
#define RUN(...)                                                                                   \
    run_of((const struct tr_op[]){__VA_ARGS__},                                                    \
           sizeof((const struct tr_op[]){__VA_ARGS__}) / sizeof(struct tr_op))
#define LIST(...)                                                                                  \
    (const uint64_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static struct an_run run_of(const struct tr_op *ops, size_t count)
{
    struct an_run run = {0};
    for (size_t i = 0; i < count; i++)
        an_run_add(&run, ops[i]);
    return run;
}

/* What the checker says of an order: NULL if it holds. The goal are the two operations of GOAL. */
static const char *judge(const struct an_run *run, bool deadlock, const uint64_t *order,
                         size_t count, const uint64_t *goal, struct sn_error *err)
{
    struct an_witness witness = {.deadlock = deadlock};
    for (size_t i = 0; i < count; i++)
        *vec_push(&witness.order) = order[i];
    *vec_push(&witness.goal) = goal[0];
    *vec_push(&witness.goal) = goal[1];
    int code = an_witness_check(&witness, run, err);
    an_witness_release(&witness);
    return code < 0 ? err->text : NULL;
}

/* RUN is given back. */
static void holds(struct an_run run, bool deadlock, const uint64_t *order, size_t count,
                  const uint64_t *goal)
{
    struct sn_error err;
    const char *fault = judge(&run, deadlock, order, count, goal, &err);
    if (fault)
        fail_msg("refused: %s", fault);
    an_run_release(&run);
}

static void refused(struct an_run run, bool deadlock, const uint64_t *order, size_t count,
                    const uint64_t *goal, const char *why)
{
    struct sn_error err;
    const char *fault = judge(&run, deadlock, order, count, goal, &err);
    if (!fault)
        fail_msg("not refused, though %s", why);
    if (!strstr(fault, why))
        fail_msg("refused, but: %s", fault);
    an_run_release(&run);
}

static struct an_run hidden_race(void)
{
    return RUN(OP(0, WRITE, 0), OP(0, ACQUIRE, 0), OP(0, RELEASE, 0), OP(1, ACQUIRE, 0),
               OP(1, RELEASE, 0), OP(1, WRITE, 0));
}

static struct an_run crossed_locks(void)
{
    return RUN(OP(0, ACQUIRE, 0), OP(0, ACQUIRE, 1), OP(0, RELEASE, 1), OP(0, RELEASE, 0),
               OP(1, ACQUIRE, 1), OP(1, ACQUIRE, 0), OP(1, RELEASE, 0), OP(1, RELEASE, 1));
}

static void right_ones_hold(void **state)
{
    (void)state;
    holds(hidden_race(), false, LIST(3, 4), 2, LIST(0, 5));
    holds(crossed_locks(), true, LIST(0, 4), 2, LIST(1, 5));
    /* a join waits as well */
    holds(RUN(OP(0, FORK, 1), OP(1, ACQUIRE, 0), OP(1, RELEASE, 0), OP(0, ACQUIRE, 0),
              OP(0, JOIN, 1)),
          true, LIST(0, 3), 2, LIST(4, 1));
}

/* Thread 0 waits with lock 0 for a signal on channel 0 that thread 1 gives behind that lock. */
static struct an_run nested_monitor(bool all)
{
    struct an_run run =
        RUN(OP(1, ACQUIRE, 0), OP(1, RELEASE, 0), OP(0, ACQUIRE, 0), OP(1, SEND, 0),
            OP(0, RECEIVE, 0), OP(0, RELEASE, 0), OP(2, SEND, 1), OP(1, ACQUIRE, 0));
    *vec_push(&run.awaits) = (struct an_await){4, 3, 0, all};
    return run;
}

static void a_wait_is_for_what_is_still_to_come(void **state)
{
    (void)state;
    holds(nested_monitor(false), true, LIST(2), 1, LIST(4, 0));
    holds(nested_monitor(true), true, LIST(2), 1, LIST(4, 0));
    /* sent since; nobody said that it waits; another one sends, too */
    refused(nested_monitor(false), true, LIST(0, 1, 2, 3), 4, LIST(4, 7),
            "a party waits for none of the others");
    struct an_run run = nested_monitor(false);
    vec_clear(&run.awaits);
    refused(run, true, LIST(2), 1, LIST(4, 0), "a party does not wait");
    run = nested_monitor(false);
    run.ops.at[6].target = 0;
    refused(run, true, LIST(2), 1, LIST(4, 0), "a party waits for none of the others");
    run = nested_monitor(true);
    run.ops.at[6].target = 0;
    holds(run, true, LIST(2), 1, LIST(4, 0));
}

static void a_token_is_waited_for_where_there_is_none(void **state)
{
    (void)state;
    for (uint32_t tokens = 0; tokens < 2; tokens++) {
        struct an_run run = RUN(OP(1, ACQUIRE, 0), OP(1, RELEASE, 0), OP(0, ACQUIRE, 0),
                                OP(1, POST, 0), OP(0, WAIT, 0), OP(0, RELEASE, 0));
        run.initial.at[0] = tokens;
        *vec_push(&run.awaits) = (struct an_await){4, 3, 0, false};
        if (tokens)
            refused(run, true, LIST(2), 1, LIST(4, 0), "a party waits for none of the others");
        else
            holds(run, true, LIST(2), 1, LIST(4, 0));
    }
}

static void thread_order_is_kept(void **state)
{
    (void)state;
    refused(hidden_race(), false, LIST(4, 3), 2, LIST(0, 5), "own order");
    refused(hidden_race(), false, LIST(3), 1, LIST(0, 5), "own order");
    refused(hidden_race(), false, LIST(3, 99), 2, LIST(0, 5), "there is not");
}

static void locks_exclude(void **state)
{
    (void)state;
    refused(hidden_race(), false, LIST(0, 1, 3, 4), 4, LIST(2, 5), "another thread holds");
    refused(RUN(OP(0, ACQUIRE_SHARED, 0), OP(0, WRITE, 0), OP(1, ACQUIRE, 0), OP(1, WRITE, 0)),
            false, LIST(0, 2), 2, LIST(1, 3), "another thread holds");
    holds(RUN(OP(0, ACQUIRE_SHARED, 0), OP(0, WRITE, 0), OP(1, ACQUIRE_SHARED, 0), OP(1, WRITE, 0)),
          false, LIST(0, 2), 2, LIST(1, 3));
}

static void reads_see_what_they_saw(void **state)
{
    (void)state;
    struct tr_op ops[] = {OP(0, WRITE, 1), OP(0, WRITE, 0), OP(1, READ, 0), OP(1, WRITE, 1)};
    refused(run_of(ops, 4), false, LIST(2), 1, LIST(0, 3), "another write");
    ops[2].kind = TR_OP_ATOMIC_READ;
    refused(run_of(ops, 4), false, LIST(2), 1, LIST(0, 3), "another write");
    struct an_run doubted = run_of(ops, 4);
    for (size_t i = 0; i < 4; i++)
        *vec_push(&doubted.doubts) = i == 2;
    refused(doubted, false, LIST(0, 1, 2), 3, LIST(0, 3), "nobody knows");
}

static void threads_are_made_and_joined(void **state)
{
    (void)state;
    refused(RUN(OP(0, WRITE, 0), OP(0, FORK, 1), OP(1, READ, 1), OP(1, WRITE, 0)), false, LIST(2),
            1, LIST(0, 3), "before it was made");
    refused(RUN(OP(0, FORK, 1), OP(1, READ, 1), OP(1, WRITE, 0), OP(0, JOIN, 1), OP(0, WRITE, 0)),
            false, LIST(0, 1, 3), 3, LIST(2, 4), "has not ended");
}

static void messages_come_after_they_were_sent(void **state)
{
    (void)state;
    refused(RUN(OP(0, WRITE, 0), OP(0, SEND, 0), OP(1, RECEIVE, 0), OP(1, WRITE, 0)), false,
            LIST(2), 1, LIST(0, 3), "before it was sent");
    struct an_run tokens = RUN(OP(0, WRITE, 0), OP(0, POST, 0), OP(1, WAIT, 0), OP(1, WRITE, 0));
    refused(tokens, false, LIST(2), 1, LIST(0, 3), "not there");
    tokens = RUN(OP(0, WRITE, 0), OP(0, POST, 0), OP(1, WAIT, 0), OP(1, WRITE, 0));
    tokens.initial.at[0] = 1;
    holds(tokens, false, LIST(2), 1, LIST(0, 3));
}

static void nothing_rests_on_the_unknown(void **state)
{
    (void)state;
    refused(RUN(OP(0, WRITE, 0), OP(1, UNKNOWN, 0), OP(1, WRITE, 0)), false, LIST(1), 1, LIST(0, 2),
            "not recorded");
}

static void the_goal_must_be_there(void **state)
{
    (void)state;
    refused(RUN(OP(0, READ, 0), OP(1, READ, 0)), false, LIST(0), 0, LIST(0, 1), "do not conflict");
    refused(RUN(OP(0, WRITE, 0), OP(1, WRITE, 1)), false, LIST(0), 0, LIST(0, 1),
            "do not conflict");
    refused(RUN(OP(0, ATOMIC_WRITE, 0), OP(1, ATOMIC_WRITE, 0)), false, LIST(0), 0, LIST(0, 1),
            "do not conflict");
    refused(crossed_locks(), true, LIST(0), 1, LIST(1, 4), "waits for none");
    struct an_run tried = crossed_locks();
    tried.ops.at[5].kind = TR_OP_TRY;
    refused(tried, true, LIST(0, 4), 2, LIST(1, 5), "does not wait");
}

/* Is what the run did up to operation LAST, in its own order, what it could do? RUN is given back.
 */
static bool run_holds(struct an_run run, uint64_t last, struct sn_error *err)
{
    struct an_witness witness = {0};
    *vec_push(&witness.order) = last;
    bool fine = an_witness_check_run(&witness, &run, err) == 0;
    an_witness_release(&witness);
    an_run_release(&run);
    return fine;
}

static void runs_that_contradict_themselves(void **state)
{
    (void)state;
    struct sn_error err;
    assert_true(run_holds(crossed_locks(), 7, &err));
    const struct tr_op two_holders[] = {OP(0, ACQUIRE, 0), OP(0, UNKNOWN, 0), OP(1, ACQUIRE, 0)};
    assert_true(run_holds(run_of(two_holders, 3), 1, &err));
    assert_false(run_holds(run_of(two_holders, 3), 2, &err));
    assert_int_equal(err.offset, 3); /* of events, from 1 on */
    assert_string_equal(err.text, "a lock is taken that another thread holds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_hold),
        cmocka_unit_test(runs_that_contradict_themselves),
        cmocka_unit_test(a_wait_is_for_what_is_still_to_come),
        cmocka_unit_test(a_token_is_waited_for_where_there_is_none),
        cmocka_unit_test(thread_order_is_kept),
        cmocka_unit_test(locks_exclude),
        cmocka_unit_test(reads_see_what_they_saw),
        cmocka_unit_test(threads_are_made_and_joined),
        cmocka_unit_test(messages_come_after_they_were_sent),
        cmocka_unit_test(nothing_rests_on_the_unknown),
        cmocka_unit_test(the_goal_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
