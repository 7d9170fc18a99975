/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes, pairs of sockets, eventfds and futexes: who has put something into them, and who waits at
 * one that nobody outside the process can reach. That is one that the process made itself, as long
 * as it does not fork; or a futex in memory of its own.
 *
 * The trace tells of an order's channel, and of a wait's descriptor. Which belongs to which follows
 * from what comes next: a thread puts before it waits for room, and gets after it has waited.
 */
#ifndef SN_ANALYZER_WORLD_CHANNELS_H
#define SN_ANALYZER_WORLD_CHANNELS_H

#include "analyzer/world/doers.h"

struct an_channel { /* of an object whose type is none */
    struct an_doers givers, takers;
};

struct an_channels {
    struct sn_map by_descriptor; /* for input: to the channel, as a pointer */
    uint64_t last_given;         /* event: the latest of all that was put into any, and had room */
    bool forked;                 /* the process has forked: a child may have the other ends */
};

/* HB_BEFORE and HB_AFTER, FORK, BLOCK_BEGIN once the wait has begun, BLOCK_END before it ends. */
void an_channels_event(struct an_world *world, const struct tr_event *ev);
/* The channel of that key (a futex: its address); NULL if nothing was told of it. */
const struct an_object *an_channel_find(const struct an_world *world, uint64_t key);
/* Is it known that THREAD, which waits at such a channel, has not been served since? */
bool an_channel_is_quiet(const struct an_world *world, const struct an_thread *thread);
void an_channels_release(struct an_channels *channels);

#endif
