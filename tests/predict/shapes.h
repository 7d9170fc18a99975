/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small random runs that could have happened: locks are taken while they are free, waits take
 * tokens that are there, threads begin once they are forked. Only what the shape asks for breaks
 * such rules.
 *
 *     struct shapes_random random = {seed};
 *     struct an_run run = {0};
 *     shapes_make(&shapes[i], &random, &run);
 */
#ifndef SN_TESTS_PREDICT_SHAPES_H
#define SN_TESTS_PREDICT_SHAPES_H

#include "analyzer/predict/run.h"

#include <stdio.h>

enum { SHAPES_THREADS = 5, SHAPES_TARGETS = 8 };

struct shapes_random {
    uint64_t state;
};

/* Below LIMIT. */
unsigned shapes_below(struct shapes_random *random, unsigned limit);

struct shape {
    const char *name;
    unsigned threads, locks, variables, channels, semaphores; /* at most */
    unsigned operations;                                      /* at most */
    unsigned depth;                                           /* sections within each other */
    unsigned burst; /* operations of a thread before another's turn, at most */
    /* Percent of ... */
    unsigned forked;    /* threads that have a parent */
    unsigned crossed;   /* releases of another section than the innermost */
    unsigned nested;    /* acquisitions that may be of a lock that the thread has */
    unsigned unmatched; /* releases that are of any lock */
    unsigned open;      /* runs whose sections are not ended at the end */
    unsigned locking;   /* semaphores that are used as locks (one token), if they can be */
    unsigned joined;    /* operations that are of the event before, where one can be both */
    /* How often each kind is tried, in proportion. RELEASE is of any mode. */
    unsigned tried[TR_OP_KINDS];
};

extern const struct shape shapes[];
extern const unsigned shapes_count;

/* Appends a run to RUN, which is empty. */
void shapes_make(const struct shape *shape, struct shapes_random *random, struct an_run *run);
/* Could it have happened: is what is taken free, do waits find tokens, do threads begin forked? */
bool shapes_possible(const struct an_run *run);
/* As text, an operation a line. */
void shapes_print(const struct an_run *run, FILE *out);

#endif
