/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The locks that a thread holds, in the order in which it took them. Nested acquisitions count as
 * one until the last is given back; what is given back without being held is nothing.
 */
#ifndef SN_ANALYZER_PREDICT_HELD_H
#define SN_ANALYZER_PREDICT_HELD_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct an_held_lock {
    uint32_t lock;
    uint32_t exclusive, shared; /* how often it is held, and how */
    uint32_t mark;              /* the caller's, 0 at first */
    bool reader;                /* the outermost acquisition is one for reading */
};

struct an_held_locks { /* all zero: none */
    VEC(struct an_held_lock) of;
};

/* The entry of LOCK, or NULL. */
static inline struct an_held_lock *an_held_find(const struct an_held_locks *held, uint32_t lock)
{
    for (size_t i = held->of.count; i-- > 0;)
        if (held->of.at[i].lock == lock)
            return &held->of.at[i];
    return NULL;
}

/* Takes LOCK. Returns its entry, valid until the next change; it is new if it is held once. */
static inline struct an_held_lock *an_held_acquire(struct an_held_locks *held, uint32_t lock,
                                                   bool shared)
{
    struct an_held_lock *entry = an_held_find(held, lock);
    if (!entry) {
        entry = vec_push(&held->of);
        entry->lock = lock;
        entry->reader = shared;
    }
    if (shared)
        entry->shared++;
    else
        entry->exclusive++;
    return entry;
}

/* Gives LOCK back, of the other mode if it is not held in this one. Is it free now? Then *WAS is
 * what its entry was. */
static inline bool an_held_release(struct an_held_locks *held, uint32_t lock, bool shared,
                                   struct an_held_lock *was)
{
    struct an_held_lock *entry = an_held_find(held, lock);
    if (!entry)
        return false;
    if (shared ? entry->shared > 0 : !entry->exclusive)
        entry->shared--;
    else
        entry->exclusive--;
    if (entry->shared || entry->exclusive)
        return false;
    *was = *entry;
    vec_remove(&held->of, (size_t)(entry - held->of.at));
    return true;
}

#endif
