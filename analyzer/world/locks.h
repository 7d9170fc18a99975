/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes, reader-writer locks, spin locks and those declared by annotation: who holds them, who
 * waits. Also the sets of locks that threads hold at once, numbered, since many accesses are made
 * under the same few sets.
 */
#ifndef SN_ANALYZER_WORLD_LOCKS_H
#define SN_ANALYZER_WORLD_LOCKS_H

#include "analyzer/world/doers.h"

struct an_release {
    struct an_thread *thread; /* NULL: none yet */
    uint64_t index;
    uint32_t stack;
};

struct an_lock {
    struct an_thread *owner; /* who holds it alone, or NULL */
    VEC(struct an_thread *) readers;
    VEC(struct an_thread *) waiters;
    uint64_t version; /* of its latest event */
    struct an_doers takers;
    struct an_release last_release;
    uint64_t acquisitions;        /* so far, nested ones not counted */
    uint64_t shared_acquisitions; /* those of readers among them */
};

struct an_lockset {
    uint32_t count;
    uint32_t locks[]; /* object id << 1 | held shared, ascending */
};

struct an_locksets {
    VEC(struct an_lockset *) all; /* 0 is the empty set */
    struct sn_map by_hash;        /* to the latest set with that hash; `next` goes on from there */
    VEC(uint32_t) next;
    VEC(uint32_t) scratch;
};

/* Who held a lock when it ended. */
struct an_hold {
    struct an_thread *thread;
    struct an_held held;
};

struct an_holds {
    VEC(struct an_hold) of;
};

/* LOCK is no more: threads that live hold it no longer, and are `now.ended_holds`. What the dead
 * held stays theirs. */
void an_lock_ends(struct an_world *world, struct an_object *lock);
/* REQUEST, ACQUIRE, RELEASE, TRY_FAIL on a lock. */
void an_locks_event(struct an_world *world, const struct tr_event *ev);
/* The number of the set that THREAD holds now. */
uint32_t an_thread_lockset(struct an_world *world, struct an_thread *thread);
const struct an_lockset *an_lockset(const struct an_world *world, uint32_t number);
/* Is LOCK in it, held alone? */
bool an_lockset_has(const struct an_world *world, uint32_t number, const struct an_object *lock);
void an_locksets_release(struct an_world *world);
void an_lock_release(struct an_lock *lock);

#endif
