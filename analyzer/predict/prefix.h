/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of each thread a first part of its events: what a reordering of a run consists of. A prefix is a
 * vector of counts of events. To hold together it must have with each read the write that was read,
 * with what a thread did first the fork, with a join all of the thread, with RECEIVE what was sent
 * before, with a token whatever was posted before: the past of an event is the least prefix that
 * does. What follows TR_OP_UNKNOWN has all in its past that the run did before.
 *
 * Pasts are kept where a thread learns something, and those in between found by search.
 */
#ifndef SN_ANALYZER_PREDICT_PREFIX_H
#define SN_ANALYZER_PREDICT_PREFIX_H

#include "analyzer/predict/guards.h"
#include "analyzer/predict/run.h"

enum { AN_NONE = UINT32_MAX };

struct an_cs { /* a critical section, from its outermost acquisition to its release */
    uint32_t lock, thread;
    uint32_t acquired, released; /* operations; the latter may be AN_NONE */
    bool shared;
};

struct an_learned {
    uint32_t events; /* so many events done, and what stands next begins, with this past: */
    uint32_t row;
};

struct an_holding {
    uint32_t events;       /* after so many, */
    uint32_t start, count; /* these of `open` */
};

struct an_timeline { /* of one thread */
    uint32_t events;
    VEC(struct an_learned) learned;
    VEC(struct an_holding) holding;
};

struct an_user { /* the sections of a lock that are one thread's, in `by_lock` */
    uint32_t thread, start, count;
};

struct an_prefixes {
    const struct an_run *run;
    uint32_t threads, semaphores;
    uint32_t *event; /* of each operation: how many events of its thread come before its own */
    uint32_t *mark;  /* of an access: its lock set; of an outermost acquisition and its release: its
                        section; otherwise AN_NONE */
    VEC(struct an_timeline) of;
    VEC(uint32_t) rows; /* pasts, THREADS numbers each */
    VEC(struct an_cs) sections;
    VEC(uint32_t) open;    /* sections that are open after some event */
    VEC(uint32_t) by_lock; /* sections by lock, thread, and time */
    VEC(struct an_user) users;
    VEC(uint32_t) users_of; /* where those of each lock begin, and of one more */
    struct an_guards sets;
};

void an_prefixes_init(struct an_prefixes *prefixes, const struct an_run *run);
void an_prefixes_release(struct an_prefixes *prefixes);
/* Adds to PREFIX the first EVENTS of THREAD, and their past. */
void an_prefix_add(const struct an_prefixes *prefixes, uint32_t *prefix, uint32_t thread,
                   uint32_t events);
/* What THREAD holds after EVENTS: section numbers. */
const uint32_t *an_prefix_open(const struct an_prefixes *prefixes, uint32_t thread, uint32_t events,
                               uint32_t *count);
/* The last section of USER that begins within PREFIX and, if EXCLUSIVE, is that; or AN_NONE. */
uint32_t an_prefix_last(const struct an_prefixes *prefixes, const uint32_t *prefix,
                        const struct an_user *user, bool exclusive);
static inline bool an_prefix_has(const struct an_prefixes *prefixes, const uint32_t *prefix,
                                 uint32_t op)
{
    return prefixes->event[op] < prefix[prefixes->run->ops.at[op].thread];
}

#endif
