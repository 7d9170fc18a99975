/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relations by which two accesses are found to race, as the literature defines them. Each is a
 * file NAME.c with a `const struct an_relation an_relation_NAME` and a line in relations.def.
 *
 * Some follow a run as it comes and keep live state only (`ops`); some need the whole of it
 * (`whole`). A relation has one of the two.
 *
 * Told is each event that races with an earlier one, once, with one such earlier event: in trace
 * order where a run is followed, by `an_pairs_sort` after a look at the whole.
 */
#ifndef SN_ANALYZER_PREDICT_RELATION_H
#define SN_ANALYZER_PREDICT_RELATION_H

#include "analyzer/predict/run.h"

/* Operations, counted from 0 in the order in which they were given. */
struct an_pair {
    uint64_t first, second;
    uint32_t variable;
};

struct an_pairs {
    VEC(struct an_pair) of;
};

struct an_relation {
    const char *name;
    const char *meaning; /* one line for --help */
    /* Follows a run: FOUND is where the races go. */
    void *(*open)(struct an_pairs *found);
    void (*ops)(void *self, const struct tr_op *ops, size_t count);
    void (*close)(void *self);
    /* Or looks at all of it, with WORKERS threads at most; the result is the same for any number.
     */
    void (*whole)(const struct an_run *run, unsigned workers, struct an_pairs *found);
};

/* The relation of that NAME, or NULL. */
const struct an_relation *an_relation_find(const char *name);
/* All of them, ended by NULL. */
const struct an_relation *const *an_relations(void);
/* The races of RUN by RELATION, whichever way it works, sorted by second event. */
void an_relation_apply(const struct an_relation *relation, const struct an_run *run,
                       unsigned workers, struct an_pairs *found);
/* Sorts by second operation, and keeps one pair of each second event (the one with the earliest
 * first). */
void an_pairs_sort(struct an_pairs *pairs, const struct an_run *run);

#endif
