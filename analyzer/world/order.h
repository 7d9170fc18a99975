/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened before what, in vector clocks, updated with each event. The world keeps two:
 *
 *   order  happens-before in full: locks, conditions, semaphores, barriers, create and join, once,
 *          atomics and fences, annotations; with what racy reads add to it (clock.h)
 *   hard   the part of it that no other schedule of the same program can turn round: without locks,
 *          without semaphores that start with tokens, without atomics. Deadlock patterns need it.
 *
 * The edges, by primitive:
 *   mutex, spin      release to each later acquisition; of a robust one, its owner's death too
 *   rwlock           a writer's release to each later acquisition, a reader's to writers only
 *   condition        a signal to each later wake that did not time out
 *   semaphore        a post to each later wait (glibc's are chains of read-modify-writes)
 *   barrier          each entry of a round to each exit of it
 *   create, join     to the child's first event, from its last; a cancel to the end it causes
 *   once             its end to whoever sees it done
 *   atomics          C11: a release store, or a relaxed one behind a release fence, to the acquire
 *                    load that reads it or a later part of its release sequence (read-modify-writes
 *                    by anyone, stores by the same thread), or a relaxed load before an acquire
 *                    fence. Loads read the latest store: the versions put them in order. A relaxed
 *                    pair gives no edge. consume counts as acquire, seq_cst as acq_rel.
 */
#ifndef SN_ANALYZER_WORLD_ORDER_H
#define SN_ANALYZER_WORLD_ORDER_H

#include "analyzer/world/threads.h"

struct an_order_thread;
struct an_order_object;
struct an_order_atomic;

struct an_order {
    bool hard;
    VEC(struct an_order_thread *) threads; /* by index */
    VEC(struct an_order_object *) objects; /* by id; NULL where nothing is known */
    VEC(struct an_order_atomic *) atomics; /* by the number that the memory's cell keeps */
};

void an_order_thread_new(struct an_order *order, struct an_thread *thread,
                         const struct an_thread *parent);
/* THREAD has ended, and nobody can ask any more what it knew. */
void an_order_thread_end(struct an_order *order, const struct an_thread *thread);
void an_order_object_end(struct an_order *order, const struct an_object *object);
/* Follows EV, for which the world is already up to date. */
void an_order_event(struct an_order *order, struct an_world *world, const struct tr_event *ev);
/* The thread's own component has moved. */
void an_order_tick(struct an_order *order, const struct an_thread *thread);

/* Did the moment (SLOT, CLOCK) happen before what THREAD does now? */
bool an_order_before(const struct an_order *order, const struct an_thread *thread, uint32_t slot,
                     uint64_t clock);
/* Only through a read that raced? Then the race's number; 0: by no means. */
uint32_t an_order_read_before(const struct an_order *order, const struct an_thread *thread,
                              uint32_t slot, uint64_t clock);
const struct an_past *an_order_past(const struct an_order *order, const struct an_thread *thread);
/* The thread's past as it is kept with a write: the caller drops it. */
struct an_snapshot *an_order_snapshot(struct an_order *order, const struct an_thread *thread);
/* THREAD read, in race CAUSE, what was written at (SLOT, CLOCK) with PAST behind it. */
void an_order_reads_from(struct an_order *order, const struct an_thread *thread, uint32_t slot,
                         uint64_t clock, const struct an_past *past, uint32_t cause);

void an_order_release(struct an_order *order);

#endif
