/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mutexes, reader-writer locks and spin locks have in common: telling the trace of a request,
 * an acquisition, a failure, a release, and keeping the holder for the wait-for walk.
 *
 * Every lock is tried first; only what EBUSY (or EAGAIN) answers goes on to the real, waiting call,
 * after a request was recorded. So an uncontended lock costs one event, and a thread that never
 * comes back is seen waiting.
 */
#ifndef REC_CORE_LOCK_H
#define REC_CORE_LOCK_H

#include "interpose/core/hot.h"

/*
 * The holder is stored without a fence: before a thread blocks it has failed a locked
 * compare-and-swap and has published its wait sequentially consistent, which makes its earlier
 * stores visible to every walk that counts.
 */
static inline void rec_own(struct rec_object *object, const struct rec_stream *s)
{
    __atomic_store_n(&object->holding, (uint64_t)s->tag, __ATOMIC_RELEASE);
}

static inline bool rec_owns(const struct rec_object *object, const struct rec_stream *s)
{
    return __atomic_load_n(&object->owner, __ATOMIC_RELAXED) == s->tag;
}

/* Does unlocking a mutex by a thread that does not hold it fail? Then nothing is released. */
static inline bool rec_checks_owner(const struct rec_object *object)
{
    return object->attributes &
           (TR_ATTR_ERROR_CHECK | TR_ATTR_RECURSIVE | TR_ATTR_ROBUST | TR_ATTR_DESTROYED);
}

/* The caller holds the lock at ADDRESS for itself now; it is about to release it. */
void rec_acquired(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);
void rec_releases(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);

/*
 * The same for what happens again and again: true if all of it was done. No state has changed
 * otherwise, and the caller goes the general way.
 */
__attribute__((always_inline)) static inline bool rec_acquired_again(struct rec_stream *s,
                                                                     const void *address,
                                                                     uint32_t mode, uint64_t cfa)
{
    return rec_hot_held(s, TR_ACQUIRE, mode, address, cfa);
}

__attribute__((always_inline)) static inline bool rec_releases_again(struct rec_stream *s,
                                                                     const void *address,
                                                                     uint32_t mode, uint64_t cfa)
{
    return rec_hot_held(s, TR_RELEASE, mode, address, cfa);
}

/* An event that takes a number of its object, which several threads may use at once. The object;
 * NULL if memory ran out. */
struct rec_object *rec_event_shared(struct rec_stream *s, uint8_t kind, const void *address,
                                    uint32_t mode, uint64_t cfa);

/* A reader has, or is about to give back, its part of a reader-writer lock. */
void rec_acquired_shared(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);
void rec_releases_shared(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);

/* An attempt that did not get the lock: by a try, a time limit, an error. */
void rec_failed(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);
void rec_error(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa, int error);
/* A wait ended without it: what it waited for may have been destroyed, and is not used anew. */
void rec_gave_up(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);

/* The caller is about to wait. Without TR_LOCK_TIMED the wait is published, and a cycle looked for.
 */
void rec_request(struct rec_stream *s, const void *address, uint32_t mode, uint64_t cfa);

/* What a waiting call returned: acquired, or failed. */
void rec_wait_result(const void *address, uint32_t mode, uint64_t cfa, int error);

/* The same three steps around a real call that waits; returns REAL_CALL's value. */
#define REC_WAIT(address, mode, cfa, real_call)                                                    \
    ({                                                                                             \
        struct rec_stream *rec_s = rec_enter();                                                    \
        if (rec_s) {                                                                               \
            rec_request(rec_s, (address), (mode), (cfa));                                          \
            rec_leave(rec_s);                                                                      \
        }                                                                                          \
        int rec_result = (real_call);                                                              \
        rec_wait_result((address), (mode), (cfa), rec_result);                                     \
        rec_result;                                                                                \
    })

/* Is TIME one that the C library accepts? It looks at that before it tries some of the locks. */
static inline bool rec_valid_time(const struct timespec *time)
{
    return time && time->tv_nsec >= 0 && time->tv_nsec < 1000000000;
}

static inline bool rec_valid_clock(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
}

#endif
