/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the streams of all threads into one order. Private to the reader.
 */
#ifndef SN_TRACE_ORDER_H
#define SN_TRACE_ORDER_H

#include "trace/stream.h"

struct tr_actor; /* a thread's stream and where it stands */

/* What numbers its events: an object, a counter, the creation of a thread, its end. */
struct tr_key {
    uint64_t version; /* how far it has come: of an object or counter see come_to in order.c */
    struct tr_actor *waiting; /* for later ones: a leftist heap, smallest need first */
    /* An object's: who observes it at the versions still to come. */
    struct tr_observers *observers, *observers_end;
};

struct tr_actors { /* a binary heap by time, then thread */
    struct tr_actor **at;
    size_t count;
};

struct tr_order {
    struct sn_arena arena;
    bool forced; /* past a number that is missing */
    struct tr_actor *actors;
    size_t actor_count;
    struct sn_map actor_of; /* by thread number: its place in ACTORS, plus 1 */
    struct tr_actors ready, blocked;
    struct sn_map objects;   /* to struct tr_key */
    struct tr_key *counters; /* of all tr_counter() */
    uint64_t total, read;    /* bytes of events: all, and those fetched */
    uint64_t handed;         /* events handed out */
    struct tr_index *index;
    struct tr_stacks *stacks;
};

/* STACKS and the index's damage get what turns up on the way; its observers are counted down. The
 * index must outlive the order. */
void tr_order_init(struct tr_order *order, struct tr_index *index, const struct tr_source *source,
                   struct tr_stacks *stacks);
bool tr_order_next(struct tr_order *order, struct tr_event *ev);
void tr_order_release(struct tr_order *order);

#endif
