/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the memory of an object says of it: was it destroyed, was it ever initialised? Whoever asks
 * at its first use knows, whatever was lost, forked, copied or made anew by assignment.
 *
 * The C library marks a destroyed mutex and a destroyed condition itself. Semaphores, barriers and
 * reader-writer locks have room that it neither reads nor writes, except that an initialisation of
 * the last makes it 0: there the hooks leave a mark. Not in memory that several processes share,
 * which may be a file's.
 */
#ifndef REC_CORE_MARK_H
#define REC_CORE_MARK_H

#include "interpose/core/rec.h"

#include <semaphore.h>

#define REC_MARK_MADE      0x9d6e3a51c07b84f3u
#define REC_MARK_DESTROYED 0x6ab4f0c92e8d1735u

enum { REC_MUTEX_DESTROYED = -1, REC_COND_DESTROYED = 4, REC_SPIN_FREE = 1 };

_Static_assert(sizeof(sem_t) == 32 && sizeof(pthread_barrier_t) == 32, "glibc's for 64 bits");

/* Where the hooks' mark is; NULL: another process may have the object, too, or it is no such
 * one. */
static inline uint64_t *rec_mark_place(const void *address, unsigned type)
{
    struct {
        uint64_t value;
        uint32_t shared, pad;
        uint64_t unused[2];
    } *sem = (void *)address;
    struct {
        uint32_t in, round, count, shared, out, pad;
        uint64_t unused;
    } *barrier = (void *)address;
    pthread_rwlock_t *rwlock = (void *)address;
    switch (type) {
    case TR_TYPE_SEM:
        return sem->shared ? NULL : &sem->unused[0];
    case TR_TYPE_BARRIER:
        return barrier->shared ? NULL : &barrier->unused;
    case TR_TYPE_RWLOCK:
        return rwlock->__data.__shared ? NULL : (uint64_t *)&rwlock->__data.__pad2;
    default:
        return NULL;
    }
}

static inline void rec_mark(const void *address, unsigned type, uint64_t mark)
{
    uint64_t *place = rec_mark_place(address, type);
    if (place)
        *place = mark;
}

/* Was it destroyed, and has nobody written there since? */
static inline bool rec_is_destroyed(const void *address, unsigned type)
{
    if (type == TR_TYPE_MUTEX)
        return ((const pthread_mutex_t *)address)->__data.__kind == REC_MUTEX_DESTROYED;
    if (type == TR_TYPE_COND)
        return ((const pthread_cond_t *)address)->__data.__wrefs & REC_COND_DESTROYED;
    const uint64_t *place = rec_mark_place(address, type);
    return place && *place == REC_MARK_DESTROYED;
}

/* One that nobody initialised, of a type that has no static initialiser. */
static inline bool rec_is_unmade(const void *address, unsigned type)
{
    const uint64_t *place = rec_mark_place(address, type);
    return type != TR_TYPE_RWLOCK && place && *place != REC_MARK_MADE &&
           *place != REC_MARK_DESTROYED;
}

#endif
