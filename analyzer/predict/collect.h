/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a run (run.h) of a trace: what its events mean for orders, and for none but those that can
 * matter. In two looks: the first finds which memory several threads use, and how its bytes are cut
 * into variables, so that two accesses of a variable always overlap; the second tells.
 *
 *   threads     the world's (an_thread.index); locks: the world's objects (an_object.id)
 *   variables   bytes of a granule that no access cuts, from their first use to the free, unmapping
 *               or end of the stack that ends them; neighbours that are always accessed together
 *               as a whole are one. Those of one thread alone, and those that
 *               nobody writes, are left out unless `all` is asked for. All that a thread writes in
 *               one epoch to memory that cannot race in any order, or perhaps writes, is one
 *               variable
 *   semaphores  those that are used as locks (semaphore_locks.h) are locks
 *   free        writes all variables of the block
 *   try         a lock that some thread failed to take is a variable as well, which acquisitions
 *               write and failures read: in no other order would these fail otherwise
 *   atomics     release sequences, in the sense of C11, are channels
 *   conditions, once, barriers, annotations, signals: channels
 *   awaits      waits of those who hold something, for what one thread alone gives (awaits.h)
 *   unknown     what a thread does behind a read of which nobody knows what it read: said so by the
 *               trace, or, in a recorded one, since it is unordered with a write nearby
 */
#ifndef SN_ANALYZER_PREDICT_COLLECT_H
#define SN_ANALYZER_PREDICT_COLLECT_H

#include "analyzer/predict/run.h"
#include "analyzer/world/world.h"

/* What an event is called by: its place among the reader's; where the trace was made of text, the
 * line. */
static inline uint64_t an_event_number(const struct tr_reader *reader, const struct tr_event *ev)
{
    return tr_reader_header(reader)->flags & TR_IS_IMPORTED ? ev->time : ev->index;
}

struct an_collect_options {
    bool all;     /* variables */
    bool bounded; /* the run is cut (run.h) where memory would not do for what is made of it */
    /* In a filtered trace, memory that can race in some order. Or NULL: all may. */
    const struct an_suspects *suspects;
    /* May what stands behind event EV of a thread hang on accesses that were not recorded? Or NULL.
     */
    bool (*unknown)(void *data, const struct tr_event *ev);
    void *data;
};

/* Reads READER, which has been read to its end, twice from its beginning. WORLD (initialised here,
 * the caller releases it) is what threads and locks belong to. Negative on trouble. */
int an_collect(struct tr_reader *reader, const struct an_collect_options *options,
               struct an_world *world, struct an_run *run, struct sn_error *err);

#endif
