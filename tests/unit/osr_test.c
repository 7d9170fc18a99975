/* SPDX-License-Identifier: Apache-2.0 */
/* Races that need sections in another order, and the order that shows them. */
#include "analyzer/predict/osr.h"
#include "tests/unit/relation_test.h"

enum { X, Y, Z }; /* variables */
enum { L, M };    /* locks */

static void sections_are_reversed(void **state)
{
    (void)state;
    EXPECT_RACES("osr", SECOND(6), LOCK(0, L), WRITE(0, X), UNLOCK(0, L), LOCK(1, L), UNLOCK(1, L),
                 WRITE(1, X));
    EXPECT_RACES("osr", SECOND(8), LOCK(0, L), WRITE(0, X), WRITE(0, Y), UNLOCK(0, L), LOCK(1, L),
                 WRITE(1, Y), UNLOCK(1, L), WRITE(1, X));
    EXPECT_RACES("osr", SECOND(14), LOCK(0, M), LOCK(0, L), WRITE(0, Y), UNLOCK(0, L), WRITE(0, X),
                 UNLOCK(0, M), LOCK(1, M), LOCK(1, L), READ(1, Y), UNLOCK(1, L), UNLOCK(1, M),
                 LOCK(2, M), UNLOCK(2, M), WRITE(2, X));
}

static void what_was_read_pins_the_order(void **state)
{
    (void)state;
    EXPECT_NO_RACE("osr", LOCK(0, L), WRITE(0, X), WRITE(0, Y), UNLOCK(0, L), LOCK(1, L),
                   READ(1, Y), UNLOCK(1, L), WRITE(1, X));
    EXPECT_RACES("osr", SECOND(2, 4), WRITE(0, X), READ(1, X), WRITE(1, Z), READ(0, Z), WRITE(0, Y),
                 OP(0, SEND, 0), OP(1, RECEIVE, 0), READ(1, Y));
}

static void fork_and_join_are_kept(void **state)
{
    (void)state;
    EXPECT_NO_RACE("osr", WRITE(0, X), FORK(0, 1), WRITE(1, X), JOIN(0, 1), WRITE(0, X));
    /* The joined thread did nothing, but somebody forked it. */
    EXPECT_NO_RACE("osr", WRITE(1, X), FORK(1, 2), JOIN(0, 2), WRITE(0, X));
    EXPECT_NO_RACE("osr", WRITE(0, X), OP(0, POST, 0), OP(1, WAIT, 0), WRITE(1, X));
    EXPECT_NO_RACE("osr", WRITE(0, X), OP(1, UNKNOWN, 0), WRITE(1, X));
}

static void two_open_sections_exclude_each_other(void **state)
{
    (void)state;
    EXPECT_NO_RACE("osr", LOCK(0, L), LOCK(0, M), UNLOCK(0, M), READ(0, Y), UNLOCK(0, L),
                   LOCK(1, M), LOCK(1, L), UNLOCK(1, L), WRITE(1, Y), UNLOCK(1, M));
    EXPECT_RACES("osr", SECOND(4), READ_LOCK(0, L), READ_LOCK(1, L), WRITE(0, X), WRITE(1, X));
}

static void check_order(const struct tr_op *ops, size_t count, uint64_t first, uint64_t second,
                        const uint64_t *expected, size_t length)
{
    struct an_run run = {0};
    struct an_reordering order = {0};
    for (size_t i = 0; i < count; i++)
        an_run_add(&run, ops[i]);
    struct an_osr *osr = an_osr_open(&run);
    assert_true(an_osr_pair(osr, first - 1, second - 1, &order));
    assert_int_equal(order.ops.count, length);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(order.ops.at[i] + 1, expected[i]);
    an_osr_close(osr);
    vec_release(&order.ops);
    an_run_release(&run);
}

static void the_order_is_told(void **state)
{
    (void)state;
    const struct tr_op ops[] = {LOCK(0, L), WRITE(0, X),  UNLOCK(0, L),
                                LOCK(1, L), UNLOCK(1, L), WRITE(1, X)};
    check_order(ops, 6, 2, 6, (const uint64_t[]){4, 5, 1}, 3);
    const struct tr_op apart[] = {WRITE(0, Z), READ(1, Z), WRITE(0, X), WRITE(1, X)};
    check_order(apart, 4, 3, 4, (const uint64_t[]){1, 2}, 2);
}

/* Operations of one event are not torn apart, neither in the prefix nor in the order. */
static void events_are_whole(void **state)
{
    (void)state;
    const struct tr_op ops[] = {WRITE(0, X), WRITE(0, Y), READ(1, X), WRITE(1, Z), WRITE(0, Z)};
    const uint64_t events[] = {1, 1, 2, 3, 4};
    struct an_run run = {0};
    struct an_reordering order = {0};
    for (size_t i = 0; i < 5; i++) {
        an_run_add(&run, ops[i]);
        *vec_push(&run.events) = events[i];
    }
    struct an_osr *osr = an_osr_open(&run);
    assert_true(an_osr_pair(osr, 3, 4, &order));
    assert_int_equal(order.ops.count, 3);
    an_osr_close(osr);
    vec_release(&order.ops);
    an_run_release(&run);
}

static void any_number_of_workers_finds_the_same(void **state)
{
    (void)state;
    struct an_run run = {0};
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t t = i * 7 % 3, lock = i * 5 % 4;
        an_run_add(&run, (struct tr_op)LOCK(t, lock));
        an_run_add(&run, (struct tr_op){.thread = t,
                                        .kind = i % 3 ? TR_OP_READ : TR_OP_WRITE,
                                        .target = i % 11});
        an_run_add(&run, (struct tr_op)UNLOCK(t, lock));
    }
    struct an_pairs one = {0}, four = {0};
    an_relation_apply(an_relation_find("osr"), &run, 1, &one);
    an_relation_apply(an_relation_find("osr"), &run, 4, &four);
    assert_true(one.of.count > 0);
    assert_int_equal(one.of.count, four.of.count);
    for (size_t i = 0; i < one.of.count; i++) {
        assert_int_equal(one.of.at[i].first, four.of.at[i].first);
        assert_int_equal(one.of.at[i].second, four.of.at[i].second);
    }
    vec_release(&one.of);
    vec_release(&four.of);
    an_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_reversed),
        cmocka_unit_test(what_was_read_pins_the_order),
        cmocka_unit_test(fork_and_join_are_kept),
        cmocka_unit_test(two_open_sections_exclude_each_other),
        cmocka_unit_test(the_order_is_told),
        cmocka_unit_test(events_are_whole),
        cmocka_unit_test(any_number_of_workers_finds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
