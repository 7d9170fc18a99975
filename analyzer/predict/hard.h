/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every reordering of a run keeps: the order of each thread, fork before what the child does
 * next, what a thread did before a join of it, SEND before RECEIVE.
 *
 *     uint32_t then = an_hard_now(&hard, 1);
 *     ... operations go through an_hard_op ...
 *     if (!an_hard_before(&hard, 1, then, 2))
 *         what thread 1 did then, and what thread 2 does now, may change places
 *
 * A thread's time advances only where something of it becomes known to others, so most operations
 * cost nothing here.
 */
#ifndef SN_ANALYZER_PREDICT_HARD_H
#define SN_ANALYZER_PREDICT_HARD_H

#include "analyzer/predict/vector.h"
#include "base/vec.h"
#include "trace/op.h"

struct an_hard_thread {
    struct an_vector clock;
    uint32_t version; /* changes whenever the clock may have */
};

struct an_hard { /* all zero, and `wide` as wanted */
    VEC(struct an_hard_thread) threads;
    VEC(struct an_vector) channels;
    VEC(struct an_vector) semaphores;
    /* Are what atomics publish and every earlier token of a semaphore kept as well? An analysis
     * that knows no reads-from can't do less without telling of races that are none. */
    bool wide;
};

/* Takes note of OP, of whatever kind, and of its thread. */
void an_hard_op(struct an_hard *hard, struct tr_op op);
/* The time of the operation that THREAD does now; from 1. */
static inline uint32_t an_hard_now(const struct an_hard *hard, uint32_t thread)
{
    return hard->threads.at[thread].clock.at[thread];
}
/* Is what THREAD did at TIME before anything that BY does now? */
static inline bool an_hard_before(const struct an_hard *hard, uint32_t thread, uint32_t time,
                                  uint32_t by)
{
    return an_vector_get(&hard->threads.at[by].clock, thread) >= time;
}
void an_hard_release(struct an_hard *hard);

#endif
