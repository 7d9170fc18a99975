/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Happens-before over the operations of a run, as they come: thread order, and what locks, fork and
 * join, channels and semaphores add to it. Accesses are the business of the relation that asks.
 *
 *   mutex            release to each later acquisition
 *   reader, writer   a writer's release to each later acquisition, a reader's to later writers
 *   fork, join       to the child's first operation, from its last
 *   channel          each SEND (PUBLISH) to each later RECEIVE (OBSERVE)
 *   semaphore        each POST to each later WAIT
 *
 * Operations are numbered 1, 2, 3 ... in the order of the calls, up to AN_NUMBERS at most.
 */
#ifndef SN_ANALYZER_PREDICT_SYNC_ORDER_H
#define SN_ANALYZER_PREDICT_SYNC_ORDER_H

#include "analyzer/predict/knowledge.h"
#include "trace/op.h"

#define AN_NUMBERS (UINT32_MAX - 1)

struct an_sync_lock {
    struct an_stamp released; /* by its latest writer */
    uint32_t readers;         /* sum of what readers knew when they gave it back */
};

struct an_sums {
    VEC(uint32_t) of;
};

struct an_sync_order { /* all zero: nothing has happened */
    struct an_knowledge knowledge;
    VEC(struct an_sync_lock) locks;
    struct an_sums channels, semaphores;
    VEC(uint32_t) epochs; /* of each thread: its operations from this number on are one epoch */
};

/* THREAD gets a row, if it has none. */
static inline void an_sync_order_thread(struct an_sync_order *order, uint32_t thread)
{
    if (__builtin_expect(thread >= order->knowledge.threads, 0))
        an_knowledge_widen(&order->knowledge, thread);
}

/* Follows OP, of that NUMBER; accesses mean nothing here. */
void an_sync_order_op(struct an_sync_order *order, struct tr_op op, uint32_t number);

/* The first number of THREAD's present epoch: a release, or whatever tells others, ends one. */
static inline uint32_t an_sync_order_epoch(const struct an_sync_order *order, uint32_t thread)
{
    return thread < order->epochs.count ? order->epochs.at[thread] : 0;
}

void an_sync_order_release(struct an_sync_order *order);

#endif
