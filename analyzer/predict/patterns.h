/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Abstract deadlock patterns and their proof: Tunc, Mathur, Pavlogiannis, Viswanathan, "Sound
 * dynamic deadlock prediction in linear time", PLDI 2023.
 *
 * An abstract acquisition is a thread, a lock that it takes, and the locks that it holds then. A
 * pattern is a cycle of them: each takes a lock that the next one holds; threads are distinct,
 * locks are distinct, no two hold a common lock. Of readers neither excludes the other. What is
 * taken without waiting is held like any other, but nobody waits for it in a cycle.
 */
#ifndef SN_ANALYZER_PREDICT_PATTERNS_H
#define SN_ANALYZER_PREDICT_PATTERNS_H

#include "analyzer/predict/run.h"

enum { AN_PATTERN_LONGEST = 16 };

struct an_pattern {
    uint32_t length;
    uint64_t ops[AN_PATTERN_LONGEST]; /* the acquisitions, as operations, ascending */
};

struct an_patterns {
    VEC(struct an_pattern) of;
    bool exhausted; /* there are more cycles than were looked at */
};

/* The abstract patterns of RUN of at most LENGTH parties, each with an instance. PROVED: only those
 * that have an instance which a sync-preserving reordering reaches, and that one. Sorted. */
void an_patterns_find(const struct an_run *run, uint32_t length, bool proved,
                      struct an_patterns *found);
void an_patterns_release(struct an_patterns *patterns);

#endif
