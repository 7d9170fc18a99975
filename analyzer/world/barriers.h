/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barriers: how many have come in this round. Threads enter in the order of versions, and every
 * COUNT of them make a round; that a thread left a round may be told long after the next began.
 */
#ifndef SN_ANALYZER_WORLD_BARRIERS_H
#define SN_ANALYZER_WORLD_BARRIERS_H

#include "analyzer/world/doers.h"

struct an_barrier {
    uint64_t entered; /* since it was made */
    uint64_t rounds;  /* filled; stays 0 where the count is not known */
    uint64_t filled;  /* index of the event that filled the latest one */
    struct an_doers comers;
};

/* BARRIER_ENTER, BARRIER_EXIT. */
void an_barriers_event(struct an_world *world, const struct tr_event *ev);

#endif
