/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole run in memory: its operations in trace order (trace/op.h), and what is needed to tell of
 * them. Predictive analyses look at it several times; those that need one look only (relation.h)
 * take operations as they come.
 *
 *     struct an_run run = {0};
 *     an_run_add(&run, (struct tr_op){.thread = 0, .kind = TR_OP_WRITE, .target = 3});
 *     ...
 *     an_run_release(&run);
 */
#ifndef SN_ANALYZER_PREDICT_RUN_H
#define SN_ANALYZER_PREDICT_RUN_H

#include "base/vec.h"
#include "trace/op.h"

#include <stddef.h>

/* A wait of which is known who ends it (awaits.h). */
struct an_await {
    uint64_t op;     /* the first of its thread behind the wait, perhaps that for a mutex again */
    uint64_t wake;   /* SEND or POST of another thread, without which it would not have come */
    uint32_t object; /* what it waits at: equal numbers, the same */
    bool all;        /* it waits for each SEND of its channel; else for one from its beginning on */
};

struct an_run { /* all zero: empty */
    VEC(struct tr_op) ops;
    /* The event of each operation, ascending; empty: operation I is event I + 1. Operations of one
     * event stand side by side, are one thread's, and happen at once. */
    VEC(uint64_t) events;
    VEC(uint64_t) addresses; /* of each variable, as far as it has one; or empty */
    /* Of each operation: a read of which nobody knows which write it read, 1; or empty. */
    VEC(uint8_t) doubts;
    /* Of each operation: an access of which it is known only that it is of the epoch that ends
     * behind it, 1; or empty. */
    VEC(uint8_t) deferred;
    VEC(uint64_t) limited; /* joins that do not wait, or not for ever: operations, ascending */
    VEC(struct an_await) awaits;                  /* by op, ascending; or empty */
    VEC(uint32_t) initial;                        /* tokens of each semaphore at the start */
    uint32_t threads, locks, variables, channels; /* numbers are below these */
    /* A recorder has left out accesses: of a thread's equal ones between two operations that are no
     * accesses only the first is here. */
    bool filtered;
    /* A plain write may have read before: where a compiler's instrumentation tells of accesses, it
     * leaves out a read that stands before a write of the same place. */
    bool hidden_reads;
    uint64_t cut; /* the last event of it, where others follow that are not here; or 0 */
};

/* Appends OP and raises the counts. */
void an_run_add(struct an_run *run, struct tr_op op);
/* The number of the event to which operation I belongs, counted from 1. */
static inline uint64_t an_run_event(const struct an_run *run, size_t i)
{
    return run->events.count ? run->events.at[i] : i + 1;
}
static inline bool an_run_reads(const struct an_run *run, unsigned kind)
{
    return tr_op_reads(kind) || (run->hidden_reads && kind == TR_OP_WRITE);
}
/* Does OP, a JOIN, wait for as long as it takes? */
static inline bool an_run_joins_for_ever(const struct an_run *run, uint64_t op)
{
    size_t before = vec_count_while(uint64_t, limited, &run->limited, *limited < op);
    return before == run->limited.count || run->limited.at[before] != op;
}

/* The first of `awaits` that is of operation OP or a later one. */
static inline size_t an_run_await(const struct an_run *run, uint64_t op)
{
    return vec_count_while(struct an_await, await, &run->awaits, await->op < op);
}
/* Are operations I and I - 1 of one event? That of a line of text may be followed by one of another
 * thread's that the line implies. */
static inline bool an_run_same_event(const struct an_run *run, size_t i)
{
    return i > 0 && run->events.count && run->events.at[i] == run->events.at[i - 1] &&
           run->ops.at[i].thread == run->ops.at[i - 1].thread;
}
void an_run_release(struct an_run *run);

#endif
