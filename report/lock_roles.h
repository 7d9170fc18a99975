/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What functions do with locks, and the order in which locks are taken, concluded from a process's
 * uses (finding/locking.h).
 *
 * Where a lock was taken and where it is held then are two stacks. Their common outer part are the
 * functions in which both happened. What lies inside of it on the second stack was entered with
 * the lock held; what lies inside of it on the first returned with the lock held.
 */
#ifndef SN_REPORT_LOCK_ROLES_H
#define SN_REPORT_LOCK_ROLES_H

#include "base/map.h"
#include "finding/locking.h"

struct sn_lock_role {  /* of one function with one lock; counts of events */
    uint32_t lock;     /* index in the cast's locks */
    uint64_t held;     /* in it, or in what it called, with the lock held since before its call */
    uint64_t shared;   /* of these: held as a reader */
    uint64_t taken;    /* the same with the lock held since some time in the call */
    uint64_t returned; /* with the lock held since a call of it, that is over */
    uint64_t released; /* the lock was given back in it that had been held since before its call */
};

struct sn_function_locks {
    uint32_t frame; /* number of one of its frames */
    uint64_t seen;  /* events in it, or in what it called */
    uint64_t alone; /* of these: while there was no other thread, or when it made a block */
    VEC(struct sn_lock_role) roles;
};

struct sn_lock_pair {
    uint32_t held, taken;             /* indexes in the cast's locks */
    uint32_t held_stack, taken_stack; /* as it was the first time */
    uint64_t count;
    uint64_t alone; /* of these: while there was no other thread */
};

struct sn_lock_roles {
    const struct sn_locking *of;
    VEC(const struct sn_frame *) frames; /* each once */
    VEC(uint32_t) functions_of;          /* by frame: index in functions */
    VEC(uint32_t) numbers; /* frames of all stacks, outermost first, without start-up */
    VEC(size_t) firsts;    /* by stack: where in `numbers` it begins; and one more */
    VEC(struct sn_function_locks) functions;
    VEC(struct sn_lock_pair) order;
    struct sn_map known_frames, known_functions, known_pairs;
};

/* LOCKING must stay where it is. */
void sn_lock_roles_init(struct sn_lock_roles *roles, const struct sn_locking *locking);
void sn_lock_roles_release(struct sn_lock_roles *roles);

#endif
