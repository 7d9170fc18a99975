/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each thread knows to have happened before what it does now: vector clocks whose components
 * are the numbers of operations in the run (1, 2, 3 ...), so that nothing has to tick, and an epoch
 * names the operation itself. Knows[u] = n: of thread u's operations those up to number n happened
 * before. A thread's own component is ~0, so that one comparison answers for its own past, too.
 *
 * Knowledge passes by stamps: all that a thread knew at one moment. A stamp holds on to a row that
 * the thread's next stamps share until the thread learns something, so taking one costs O(1), and
 * O(threads) only once per lesson. Learning from a stamp whose moment is known already costs O(1).
 *
 *     an_knowledge_stamp(&k, thread, now, &lock->released);     release
 *     an_knowledge_learn(&k, thread, &lock->released);          acquire
 *
 * Rows are 32 bytes aligned and multiples of 8 numbers long: compilers make AVX2 of their loops.
 */
#ifndef SN_ANALYZER_PREDICT_KNOWLEDGE_H
#define SN_ANALYZER_PREDICT_KNOWLEDGE_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct an_stamp { /* all zero: nothing */
    uint32_t row, thread, number;
};

struct an_knowledge { /* all zero: no thread */
    uint32_t threads; /* below this all have a row */
    uint32_t stride;
    uint32_t *now;            /* a row of each thread */
    VEC(uint32_t *) rows;     /* of stamps and sums; 0 is none */
    VEC(uint32_t) references; /* to each */
    VEC(uint32_t) spare;      /* rows that nobody holds */
    uint32_t *shared;         /* of each thread: the row of its latest stamp, or 0 if it has
                                 learned something since */
};

/* Makes sure that threads up to THREAD have a row. */
void an_knowledge_widen(struct an_knowledge *k, uint32_t thread);

static inline const uint32_t *an_knowledge_of(const struct an_knowledge *k, uint32_t thread)
{
    return &k->now[(size_t)thread * k->stride];
}

/* Did THREAD's operation NUMBER happen before what WHO does now? */
static inline bool an_knowledge_knows(const struct an_knowledge *k, uint32_t who, uint32_t thread,
                                      uint32_t number)
{
    return number <= an_knowledge_of(k, who)[thread];
}

/* STAMP, which is given up, becomes what THREAD knows behind its operation NUMBER. */
void an_knowledge_stamp(struct an_knowledge *k, uint32_t thread, uint32_t number,
                        struct an_stamp *stamp);
void an_knowledge_drop(struct an_knowledge *k, struct an_stamp *stamp);
/* THREAD learns what STAMP says. */
void an_knowledge_learn(struct an_knowledge *k, uint32_t thread, const struct an_stamp *stamp);

/* A sum is a row in which stamps of several threads come together: its number, 0 for none yet. */
void an_knowledge_add(struct an_knowledge *k, uint32_t *sum, uint32_t thread, uint32_t number);
void an_knowledge_learn_sum(struct an_knowledge *k, uint32_t thread, uint32_t sum);
void an_knowledge_drop_sum(struct an_knowledge *k, uint32_t *sum);

void an_knowledge_release(struct an_knowledge *k);

#endif
