/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of a few operations, written by hand, and which of them race: operations count from 1. */
#ifndef SN_TESTS_UNIT_RELATION_TEST_H
#define SN_TESTS_UNIT_RELATION_TEST_H

#include "analyzer/predict/relation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OP(by, what, which)                                                                        \
    {                                                                                              \
        .thread = (by), .kind = TR_OP_##what, .target = (which)                                    \
    }
#define READ(by, which)        OP(by, READ, which)
#define WRITE(by, which)       OP(by, WRITE, which)
#define LOCK(by, which)        OP(by, ACQUIRE, which)
#define UNLOCK(by, which)      OP(by, RELEASE, which)
#define READ_LOCK(by, which)   OP(by, ACQUIRE_SHARED, which)
#define READ_UNLOCK(by, which) OP(by, RELEASE_SHARED, which)
#define FORK(by, which)        OP(by, FORK, which)
#define JOIN(by, which)        OP(by, JOIN, which)

/* Finds by the relation of that NAME exactly these second operations. */
static inline void expect_races(const char *name, const struct tr_op *ops, size_t count,
                                const uint64_t *expected, size_t expected_count)
{
    const struct an_relation *relation = an_relation_find(name);
    struct an_run run = {0};
    struct an_pairs found = {0};
    assert_non_null(relation);
    for (size_t i = 0; i < count; i++)
        an_run_add(&run, ops[i]);
    an_relation_apply(relation, &run, 1, &found);
    assert_int_equal(found.of.count, expected_count);
    for (size_t i = 0; i < expected_count; i++) {
        assert_int_equal(found.of.at[i].second + 1, expected[i]);
        assert_true(found.of.at[i].first < found.of.at[i].second);
    }
    vec_release(&found.of);
    an_run_release(&run);
}

/* EXPECT_RACES("wcp", SECOND(3, 5), WRITE(0, 0), ...) */
#define SECOND(...)                                                                                \
    (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)
#define EXPECT_RACES(name, second, ...)                                                            \
    expect_races(name, (const struct tr_op[]){__VA_ARGS__},                                        \
                 sizeof((const struct tr_op[]){__VA_ARGS__}) / sizeof(struct tr_op), second)
#define EXPECT_NO_RACE(name, ...)                                                                  \
    expect_races(name, (const struct tr_op[]){__VA_ARGS__},                                        \
                 sizeof((const struct tr_op[]){__VA_ARGS__}) / sizeof(struct tr_op), NULL, 0)

#endif
