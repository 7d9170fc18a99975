/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Abstract deadlock patterns and their proof: Tunc, Mathur, Pavlogiannis, Viswanathan, "Sound
 * dynamic deadlock prediction in linear time", PLDI 2023.
 *
 * An abstract acquisition is a thread, a lock that it takes, and the locks that it holds then. A
 * pattern is a cycle of them: each takes a lock that the next one holds; threads are distinct,
 * locks are distinct, no two hold a common lock. Of readers neither excludes the other. What is
 * taken without waiting is held like any other, but nobody waits for it in a cycle.
 *
 * Where joins are asked for, a thread that joins another waits as well, for something that the
 * other one holds through all of its life: its own end. And where waits are asked for, a thread
 * that waits at a condition, a semaphore or a barrier for what one other thread gives (awaits.h):
 * that one holds it, until it has given it.
 */
#ifndef SN_ANALYZER_PREDICT_PATTERNS_H
#define SN_ANALYZER_PREDICT_PATTERNS_H

#include "analyzer/predict/run.h"

enum { AN_PATTERN_LONGEST = 16 };

struct an_pattern {
    uint32_t length;
    uint64_t ops[AN_PATTERN_LONGEST]; /* the waits, as operations, ascending */
    uint32_t awaits; /* bit I: ops[I] waits for what another party gives (run->awaits), and not for
                      * a lock */
};

struct an_patterns {
    VEC(struct an_pattern) of;
    bool exhausted; /* there are more cycles than were looked at */
};

enum an_patterns_how {
    AN_PATTERNS_PROVED =
        1, /* only those of which a sync-preserving reordering reaches an instance */
    AN_PATTERNS_JOINS = 2, /* also cycles through joins, */
    AN_PATTERNS_WAITS = 4, /* and through the waits of run->awaits */
};

/* The abstract patterns of RUN of at most LENGTH parties, each with an instance: the one that is
 * reached, if HOW (enum an_patterns_how) wants proof. Sorted, the same for any number of WORKERS,
 * which share the proofs. */
void an_patterns_find(const struct an_run *run, uint32_t length, unsigned how, unsigned workers,
                      struct an_patterns *found);
void an_patterns_release(struct an_patterns *patterns);

#endif
