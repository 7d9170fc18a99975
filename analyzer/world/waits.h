/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for whom. A thread that waits for a lock waits for all that hold it in its way; one
 * that joins waits for the other, and one that comes to a once for whoever runs it. Nobody can say
 * who was to signal a condition, post a semaphore or enter a barrier: such a wait has no blockers.
 * Those are known, though, who did so before.
 */
#ifndef SN_ANALYZER_WORLD_WAITS_H
#define SN_ANALYZER_WORLD_WAITS_H

#include "analyzer/world/doers.h"

struct an_thread_list {
    VEC(struct an_thread *) of;
};

void an_wait_begin(struct an_thread *thread, enum an_wait_kind kind, const struct tr_event *ev);
void an_wait_end(struct an_thread *thread);

/* Does THREAD wait without a time limit for something inside the process? */
bool an_waits_for_ever(const struct an_thread *thread);
/* Is it known that it still waits, although events were lost? */
bool an_waits_surely(const struct an_thread *thread);
/* Fills LIST (cleared first) with those for which THREAD waits. */
void an_blockers(const struct an_thread *thread, struct an_thread_list *list);
/* Those that did before what WAIT waits for, the waiting thread perhaps among them; or NULL. */
const struct an_doers *an_wakers(const struct an_world *world, const struct an_wait *wait);
/* All threads without a finding that wait, directly or not, for one that has FINDING get it too.
 * Returns how many. */
size_t an_blame_waiters(struct an_world *world, struct sn_finding *finding);

/* Threads that still wait at an object of which a finding tells the end (an_object.blamed) do so
 * because of that, and those behind them. */
void an_blame_those_left(struct an_world *world);

#endif
