/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads past help: each waits without a time limit, and whoever could end its wait is past help
 * itself. The largest such set: a lock is waited for as long as a holder is past help, or has
 * ended, a join as long as the joined thread is; a condition, a semaphore, a barrier and a channel
 * that no other process has can be served by any thread, so that all that live must be past help.
 *
 *     struct an_standstill still;
 *     an_standstill_find(world, &still);         after the last event
 *     if (an_is_past_help(&still, thread)) ...
 *     an_standstill_release(&still);
 *
 * Nothing is said of what another process shares, nor of an object of whose past a ring has given
 * up a part. A signal handler of the program may still come, and post, or write: `may_be_helped`.
 */
#ifndef SN_ANALYZER_WORLD_STANDSTILL_H
#define SN_ANALYZER_WORLD_STANDSTILL_H

#include "analyzer/world/threads.h"

struct an_standstill {
    bool *past_help; /* by index of threads */
    size_t count;
    bool may_be_helped; /* by a signal handler, to some of them, and so perhaps to all */
};

void an_standstill_find(const struct an_world *world, struct an_standstill *still);
static inline bool an_is_past_help(const struct an_standstill *still,
                                   const struct an_thread *thread)
{
    return still->past_help[thread->index];
}
/* Does THREAD wait for what no thread in particular has to give? */
bool an_waits_for_anybody(const struct an_thread *thread);
void an_standstill_release(struct an_standstill *still);

#endif
