/* SPDX-License-Identifier: Apache-2.0 */
/* Weak causal precedence, by the points that the papers make, and the queues below it. */
#include "analyzer/predict/spans.h"
#include "tests/unit/relation_test.h"

enum { X, Y, Z }; /* variables */
enum { L, M };    /* locks */

static void sections_without_a_conflict_order_nothing(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(8), WRITE(0, X), LOCK(0, L), READ(0, Z), UNLOCK(0, L), LOCK(1, L),
                 READ(1, Z), UNLOCK(1, L), WRITE(1, X));
    EXPECT_RACES("wcp", SECOND(6), LOCK(0, L), WRITE(0, X), UNLOCK(0, L), LOCK(1, L), UNLOCK(1, L),
                 WRITE(1, X));
}

/* Causal precedence would order all of both sections. */
static void order_begins_at_the_conflicting_access(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(6), WRITE(0, Y), LOCK(0, L), WRITE(0, X), UNLOCK(0, L), LOCK(1, L),
                 READ(1, Y), READ(1, X), UNLOCK(1, L));
    EXPECT_NO_RACE("wcp", WRITE(0, X), LOCK(0, L), WRITE(0, Y), UNLOCK(0, L), LOCK(1, L),
                   WRITE(1, Y), UNLOCK(1, L), WRITE(1, X));
}

static void ordered_sections_have_ordered_ends(void **state)
{
    (void)state;
    EXPECT_NO_RACE("wcp", LOCK(0, M), LOCK(0, L), WRITE(0, Y), UNLOCK(0, L), WRITE(0, X),
                   UNLOCK(0, M), LOCK(1, M), LOCK(1, L), READ(1, Y), UNLOCK(1, L), UNLOCK(1, M),
                   LOCK(2, M), UNLOCK(2, M), WRITE(2, X));
}

/* A section of one's own counts, though one does not conflict with oneself. */
static void ones_own_access_is_no_conflict(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(12), WRITE(1, X), LOCK(1, M), UNLOCK(1, M), LOCK(0, M), UNLOCK(0, M),
                 LOCK(0, L), WRITE(0, Y), UNLOCK(0, L), LOCK(0, L), WRITE(0, Y), UNLOCK(0, L),
                 WRITE(0, X));
}

static void hand_over_hand_sections_are_whole(void **state)
{
    (void)state;
    EXPECT_NO_RACE("wcp", LOCK(0, L), LOCK(0, M), UNLOCK(0, L), WRITE(0, X), UNLOCK(0, M),
                   LOCK(1, L), LOCK(1, M), UNLOCK(1, L), WRITE(1, X), UNLOCK(1, M));
}

static void the_first_race_may_be_a_deadlock(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(9), LOCK(0, L), LOCK(0, M), UNLOCK(0, M), READ(0, Y), UNLOCK(0, L),
                 LOCK(1, M), LOCK(1, L), UNLOCK(1, L), WRITE(1, Y), UNLOCK(1, M));
}

static void fork_and_join_are_kept(void **state)
{
    (void)state;
    EXPECT_NO_RACE("wcp", WRITE(0, X), FORK(0, 1), WRITE(1, X), JOIN(0, 1), WRITE(0, X));
    EXPECT_NO_RACE("wcp", WRITE(0, X), OP(0, PUBLISH, 3), OP(1, OBSERVE, 3), WRITE(1, X));
    EXPECT_NO_RACE("wcp", WRITE(0, X), OP(0, POST, 3), OP(1, WAIT, 3), WRITE(1, X));
    /* Both with one section, but then ordered by no conflict. */
    EXPECT_RACES("wcp", SECOND(7), FORK(0, 1), WRITE(0, X), LOCK(0, L), UNLOCK(0, L), LOCK(1, L),
                 UNLOCK(1, L), WRITE(1, X));
}

static void readers_order_writers_only(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(4), READ_LOCK(0, L), READ_LOCK(1, L), WRITE(0, X), WRITE(1, X),
                 READ_UNLOCK(0, L), READ_UNLOCK(1, L));
    EXPECT_NO_RACE("wcp", WRITE(0, X), READ_LOCK(0, L), READ(0, Y), READ_UNLOCK(0, L), LOCK(1, L),
                   WRITE(1, Y), UNLOCK(1, L), WRITE(1, X));
    EXPECT_RACES("wcp", SECOND(8), WRITE(0, X), READ_LOCK(0, L), WRITE(0, Z), READ_UNLOCK(0, L),
                 READ_LOCK(1, L), READ(1, Y), READ_UNLOCK(1, L), WRITE(1, X));
}

static void strays_are_tolerated(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(6), UNLOCK(0, L), LOCK(0, L), WRITE(0, X), LOCK(1, M), UNLOCK(1, L),
                 WRITE(1, X));
}

static void every_racing_access_is_told_once(void **state)
{
    (void)state;
    EXPECT_RACES("wcp", SECOND(2, 3, 4), WRITE(0, X), WRITE(1, X), WRITE(0, X), READ(1, X));
    EXPECT_NO_RACE("wcp", OP(0, ATOMIC_WRITE, X), OP(1, ATOMIC_UPDATE, X));
}

static void queues_keep_what_somebody_lacks(void **state)
{
    (void)state;
    struct an_spans sections;
    struct an_queue queue = {0};
    struct an_vector past = {0};
    an_spans_init(&sections);
    for (uint32_t i = 1; i <= 100; i++) {
        uint32_t section = an_spans_begin(&sections, 5, i);
        sections.of.at[section].ended = i;
        an_queue_push(&queue, &sections, section);
        an_spans_drop(&sections, section);
    }
    assert_true(an_queue_full(&queue));
    assert_int_equal(an_queue_known(&queue, &past), 0);
    assert_int_equal(an_queue_pass(&queue, 2, &past), 0);
    an_vector_set(&past, 5, 70);
    assert_int_equal(an_queue_known(&queue, &past), 70);
    uint32_t last = an_queue_pass(&queue, 2, &past);
    assert_int_equal(sections.of.at[last].begun, 70);
    assert_int_equal(an_queue_pass(&queue, 2, &past), 0);
    an_queue_trim(&queue, &sections, 70);
    assert_int_equal(sections.unused.count, 70);
    an_vector_set(&past, 5, 1000);
    assert_int_equal(an_queue_known(&queue, &past), 30);
    last = an_queue_pass(&queue, 1, &past);
    assert_int_equal(sections.of.at[last].begun, 100);
    an_vector_release(&past);
    an_queue_release(&queue);
    an_spans_release(&sections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_without_a_conflict_order_nothing),
        cmocka_unit_test(order_begins_at_the_conflicting_access),
        cmocka_unit_test(ordered_sections_have_ordered_ends),
        cmocka_unit_test(ones_own_access_is_no_conflict),
        cmocka_unit_test(hand_over_hand_sections_are_whole),
        cmocka_unit_test(the_first_race_may_be_a_deadlock),
        cmocka_unit_test(fork_and_join_are_kept),
        cmocka_unit_test(readers_order_writers_only),
        cmocka_unit_test(strays_are_tolerated),
        cmocka_unit_test(every_racing_access_is_told_once),
        cmocka_unit_test(queues_keep_what_somebody_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
