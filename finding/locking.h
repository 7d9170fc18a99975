/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of a process accessed, took and gave back, and under which locks, summed up by
 * place of code: from this it is concluded which lock guards what. For the format `locking`
 * (sn_renderer.locking); an analysis fills it in.
 *
 * One use stands for all events of one kind with one stack that held locks taken at the same
 * places. The recorder tells an access once for each thread, location and epoch, and an epoch ends
 * with each synchronisation: so a count is rather that of critical sections than of executions.
 *
 * What speaks neither for a lock nor against it is counted apart: uses while there was no other
 * thread (before the first was made, or when all had been joined), and those of a heap block by the
 * thread that made it, before another one came to it; and of any memory by one thread before it
 * made the next one that came there.
 */
#ifndef SN_FINDING_LOCKING_H
#define SN_FINDING_LOCKING_H

#include "finding/finding.h"

enum sn_use_kind {
    SN_USE_READ,
    SN_USE_WRITE,
    SN_USE_ATOMIC, /* read, written, or both */
    SN_USE_ACQUIRE,
    SN_USE_RELEASE,
    SN_USE_KINDS
};

const char *sn_use_kind_name(enum sn_use_kind kind);

struct sn_use_lock { /* that was held */
    uint32_t lock;   /* index in locks */
    uint32_t stack;  /* where it was taken: index in stacks */
    bool shared;     /* as a reader */
    bool apart;      /* not in the same heap block, or static memory, as what was accessed */
    int64_t from,
        to; /* else: its address less that of the access; from the least to the greatest */
};

struct sn_use {
    enum sn_use_kind kind;
    uint32_t size; /* bytes; the most */
    uint32_t stack;
    uint32_t variable;        /* index in variables plus one: the first of them; 0: of a lock */
    uint32_t lock;            /* acquire, release: index in locks plus one */
    bool shared;              /* the same: as a reader */
    bool coarse;              /* one stack stands for others that end at the same instruction */
    struct sn_use_lock *held; /* in the order of acquisition; RELEASE: with the lock itself */
    uint32_t held_count;
    uint64_t count;   /* how often in all */
    uint64_t alone;   /* of these: while there was no other thread */
    uint64_t initial; /* of these: before others came there, as said above */
    uint64_t own;     /* of these: no other thread had been there so far; none of the two above */
    uint64_t users;   /* a bit for each thread, by its number modulo 64 */
};

struct sn_locking {
    struct sn_finding cast; /* whose locks they are: one for all that are made alike */
    VEC(uint32_t) objects;  /* by lock: for how many objects it stands */
    VEC(struct sn_stack) stacks;
    VEC(struct sn_variable *) variables;
    VEC(struct sn_use) uses;
    bool named; /* by symbols/ */
};

/* Gives back its arrays. */
void sn_locking_release(struct sn_locking *locking);

#endif
