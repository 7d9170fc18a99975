/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of locks, and which accesses they leave unprotected. */
#include "analyzer/predict/guards.h"
#include "tests/unit/relation_test.h"

static void equal_sets_have_one_number(void **state)
{
    (void)state;
    struct an_guards sets;
    struct an_held_locks one = {0}, two = {0};
    struct an_held_lock was;
    an_guards_init(&sets);
    assert_int_equal(an_guards_held(&sets, &one), 0);
    an_held_acquire(&one, 3, false);
    an_held_acquire(&one, 7, true);
    an_held_acquire(&two, 7, true);
    an_held_acquire(&two, 3, false);
    uint32_t both = an_guards_held(&sets, &one);
    assert_int_equal(an_guards_held(&sets, &two), both);
    assert_true(an_held_release(&two, 3, false, &was));
    uint32_t reader = an_guards_held(&sets, &two);
    assert_int_not_equal(reader, both);
    assert_true(an_guards_protect(&sets, both, both));
    assert_false(an_guards_protect(&sets, both, reader));
    assert_false(an_guards_protect(&sets, both, 0));
    assert_int_equal(an_guards_common(&sets, both, reader, true), 0);
    assert_int_not_equal(an_guards_common(&sets, both, reader, false), 0);
    vec_release(&one.of);
    vec_release(&two.of);
    an_guards_release(&sets);
}

static void nested_acquisitions_are_one(void **state)
{
    (void)state;
    struct an_held_locks held = {0};
    struct an_held_lock was;
    an_held_acquire(&held, 1, false);
    an_held_acquire(&held, 1, false);
    assert_false(an_held_release(&held, 2, false, &was));
    assert_false(an_held_release(&held, 1, false, &was));
    assert_true(an_held_release(&held, 1, true, &was));
    assert_int_equal(held.of.count, 0);
    vec_release(&held.of);
}

/* Unprotected; a lock of one only; different locks. */
static void disjoint_sets_race(void **state)
{
    (void)state;
    EXPECT_RACES("lockset", SECOND(2, 3, 4), WRITE(0, 0), WRITE(1, 0), READ(0, 0), READ(0, 0));
    EXPECT_RACES("lockset", SECOND(3), WRITE(0, 0), LOCK(1, 0), READ(1, 0), UNLOCK(1, 0));
    EXPECT_RACES("lockset", SECOND(5), LOCK(0, 0), WRITE(0, 0), UNLOCK(0, 0), LOCK(1, 1),
                 WRITE(1, 0), UNLOCK(1, 1));
}

static void a_common_lock_protects_whatever_was_before(void **state)
{
    (void)state;
    EXPECT_NO_RACE("lockset", LOCK(0, 0), WRITE(0, 0), UNLOCK(0, 0), LOCK(1, 1), LOCK(1, 0),
                   WRITE(1, 0), UNLOCK(1, 0), UNLOCK(1, 1));
    /* The present one is protected from the last, but not from the one before. */
    EXPECT_RACES("lockset", SECOND(6), LOCK(0, 0), WRITE(0, 0), UNLOCK(0, 0), WRITE(1, 1),
                 LOCK(1, 1), WRITE(1, 0), UNLOCK(1, 1));
}

static void readers_exclude_writers_only(void **state)
{
    (void)state;
    EXPECT_RACES("lockset", SECOND(4), READ_LOCK(0, 0), READ_LOCK(1, 0), WRITE(0, 0), WRITE(1, 0));
    EXPECT_NO_RACE("lockset", READ_LOCK(0, 0), READ(0, 0), READ_UNLOCK(0, 0), LOCK(1, 0),
                   WRITE(1, 0), UNLOCK(1, 0));
}

static void order_that_no_run_changes_is_no_race(void **state)
{
    (void)state;
    EXPECT_NO_RACE("lockset", WRITE(0, 0), FORK(0, 1), WRITE(1, 0), JOIN(0, 1), READ(0, 0));
    EXPECT_RACES("lockset", SECOND(3), FORK(0, 1), WRITE(0, 0), WRITE(1, 0));
    EXPECT_NO_RACE("lockset", WRITE(0, 0), OP(0, SEND, 4), OP(1, RECEIVE, 4), WRITE(1, 0));
    EXPECT_RACES("lockset", SECOND(4), OP(0, SEND, 4), WRITE(0, 0), OP(1, RECEIVE, 4), WRITE(1, 0));
}

static void atomics_do_not_race_among_themselves(void **state)
{
    (void)state;
    EXPECT_NO_RACE("lockset", OP(0, ATOMIC_WRITE, 0), OP(1, ATOMIC_UPDATE, 0));
    EXPECT_RACES("lockset", SECOND(2), OP(0, ATOMIC_WRITE, 0), READ(1, 0));
}

/* As many classes as need an index. */
static void classes_are_told_apart_by_the_hundred(void **state)
{
    (void)state;
    struct an_run run = {0};
    struct an_pairs found = {0};
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t lock = 0; lock < 100; lock++) {
            const struct tr_op ops[] = {LOCK(lock % 3, lock), READ(lock % 3, 0),
                                        UNLOCK(lock % 3, lock)};
            for (size_t i = 0; i < 3; i++)
                an_run_add(&run, ops[i]);
        }
    an_run_add(&run, (struct tr_op)LOCK(3, 7));
    an_run_add(&run, (struct tr_op)WRITE(3, 0));
    an_relation_apply(an_relation_find("lockset"), &run, 1, &found);
    assert_int_equal(found.of.count, 1);
    assert_int_equal(found.of.at[0].second, 601);
    assert_int_not_equal(found.of.at[0].first % 300, 22);
    vec_release(&found.of);
    an_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_sets_have_one_number),
        cmocka_unit_test(nested_acquisitions_are_one),
        cmocka_unit_test(disjoint_sets_race),
        cmocka_unit_test(a_common_lock_protects_whatever_was_before),
        cmocka_unit_test(readers_exclude_writers_only),
        cmocka_unit_test(order_that_no_run_changes_is_no_race),
        cmocka_unit_test(atomics_do_not_race_among_themselves),
        cmocka_unit_test(classes_are_told_apart_by_the_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
