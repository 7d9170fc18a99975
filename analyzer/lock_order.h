/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which locks were taken while which others were held, and the cycles in that.
 *
 * A node is an abstract acquisition: a thread, the lock it takes, the locks it holds then. A cycle
 * of nodes is a pattern of a deadlock if each takes a lock that the next one holds, and
 *   - threads and locks are distinct;
 *   - no two hold a common lock, unless both for reading (a common one is a gate), where what a
 *     thread's maker holds from its creation to its join counts as held by it;
 *   - the hold stands in the way of the take: of two readers none does;
 *   - no two are ordered by more than locks: by create and join, conditions, barriers (order.h).
 * What is taken by a call that does not wait, or not for ever, is no node; that it is held counts.
 * See Tunc et al., "Sound dynamic deadlock prediction in linear time", PLDI 2023, for the patterns.
 */
#ifndef SN_ANALYZER_LOCK_ORDER_H
#define SN_ANALYZER_LOCK_ORDER_H

#include "analyzer/world/world.h"

struct an_node {
    const struct an_thread *thread;
    const struct an_object *wanted;
    bool shared; /* it takes it for reading */
    uint32_t held_count;
    struct an_held *held; /* as they were the first time */
    uint32_t stack;       /* of the taking, the first time */
    uint64_t index;
    uint64_t count; /* how often */
    struct an_moment *moments;
    uint32_t moment_count;
};

struct an_lock_order {
    struct an_world *world;
    VEC(struct an_node *) nodes;
    struct sn_map by_key;
    bool exhausted; /* the search for cycles was cut short */
};

/* The current event, an ACQUIRE that was no try, takes a lock. */
void an_lock_order_taken(struct an_lock_order *order);
/* After the last event: threads that still wait for a lock have nodes, too. */
void an_lock_order_waiting(struct an_lock_order *order);
/* Calls TELL for one pattern of each cycle of locks, of at most LENGTH nodes: each takes what the
 * next one holds. */
void an_lock_order_cycles(struct an_lock_order *order, uint32_t length,
                          void (*tell)(void *, const struct an_node *const *nodes, uint32_t count),
                          void *data);
/* A node of its own: THREAD takes WANTED, with what it holds now. Whoever makes it drops it. */
struct an_node *an_node_new(struct an_lock_order *order, const struct an_thread *thread,
                            const struct an_object *wanted);
/* It does so now (again). */
void an_node_again(struct an_lock_order *order, struct an_node *node);
/* Can both be about to take what they want at one time, as far as locks and order tell? */
bool an_nodes_may_meet(const struct an_node *x, const struct an_node *y);
void an_node_drop(struct an_node *node);
/* The hold of OBJECT that NODE has, or NULL. */
const struct an_held *an_node_holds(const struct an_node *node, const struct an_object *object);
void an_lock_order_release(struct an_lock_order *order);

#endif
