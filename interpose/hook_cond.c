/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Condition variables. A wait gives its mutex back and takes it again inside the C library, unseen:
 * the hook tells both. A cancelled wait takes the mutex again while it unwinds, so the telling
 * stands in a cleanup too.
 */
#include "interpose/core/lock.h"
#include "interpose/core/mark.h"
#include "interpose/pthread_calls.h"

enum { COND = TR_TYPE_COND, MUTEX_IN_WAIT = TR_TYPE_MUTEX | TR_LOCK_IN_WAIT };

struct wait {
    pthread_cond_t *cond;
    pthread_mutex_t *mutex;
    uint64_t cfa;
    uint32_t mode;
    int error;
    bool returned, told;
};

/* Does the C library refuse the wait, since the caller does not hold the mutex? */
static bool refused(struct rec_stream *s, const pthread_mutex_t *mutex)
{
    const struct rec_object *object = rec_object(s, mutex, TR_TYPE_MUTEX);
    return object && !rec_owns(object, s) && rec_checks_owner(object);
}

static void wait_begins(struct wait *wait)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_frames_left(s, wait->cfa);
    struct rec_object *cond = rec_object(s, wait->cond, COND);
    if (cond && !refused(s, wait->mutex)) {
        rec_stamp(s);
        rec_emit(s, &(struct tr_event){.kind = TR_COND_WAIT,
                                       .mode = wait->mode,
                                       .stack = rec_stack(s, wait->cfa),
                                       .object = (uint64_t)wait->cond,
                                       .version = rec_version(cond),
                                       .a0 = (uint64_t)wait->mutex});
        rec_releases(s, wait->mutex, MUTEX_IN_WAIT, wait->cfa);
        wait->told = true;
    }
    rec_leave(s);
}

static void wait_ends(struct wait *wait)
{
    struct rec_stream *s = wait->told || wait->error ? rec_enter() : NULL;
    if (!s)
        return;
    if (!wait->told) {
        rec_error(s, wait->mutex, MUTEX_IN_WAIT | TR_LOCK_FOREIGN, wait->cfa, wait->error);
        rec_leave(s);
        return;
    }
    uint32_t mode = wait->mode;
    if (!wait->returned)
        mode |= TR_LOCK_CANCELLED;
    else if (wait->error == ETIMEDOUT)
        mode |= TR_LOCK_TIMEOUT;
    rec_stamp(s);
    uint32_t dead = wait->error == EOWNERDEAD ? TR_LOCK_OWNER_DEAD : 0;
    if (wait->error != ENOTRECOVERABLE)
        rec_acquired(s, wait->mutex, MUTEX_IN_WAIT | dead, wait->cfa);
    struct rec_object *cond = rec_object_find(wait->cond);
    if (cond) /* it may have been destroyed meanwhile, rightly; the wake is told all the same */
        rec_sync(s, TR_COND_WAKE, mode, rec_stack(s, wait->cfa), (uint64_t)wait->cond,
                 rec_version(cond));
    if (wait->returned && wait->error && wait->error != ETIMEDOUT && cond)
        rec_error(s, wait->cond, COND, wait->cfa, wait->error);
    rec_leave(s);
}

#define WAIT(timed, cfa, real_call)                                                                \
    do {                                                                                           \
        __attribute__((cleanup(wait_ends))) struct wait wait = {                                   \
            cond, mutex, (cfa), COND | (timed), 0, false, false};                                  \
        wait_begins(&wait);                                                                        \
        wait.error = (real_call);                                                                  \
        wait.returned = true;                                                                      \
        return wait.error;                                                                         \
    } while (0)

int rec_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t cfa)
{
    WAIT(0, cfa, REAL(pthread_cond_wait)(cond, mutex));
}

REC_EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return rec_cond_wait(cond, mutex, rec_here());
}

int rec_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until,
                       uint64_t cfa)
{
    if (!rec_valid_time(until))
        return REAL(pthread_cond_timedwait)(cond, mutex, until);
    WAIT(TR_LOCK_TIMED, cfa, REAL(pthread_cond_timedwait)(cond, mutex, until));
}

REC_EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                      const struct timespec *until)
{
    return rec_cond_timedwait(cond, mutex, until, rec_here());
}

REC_EXPORT int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                      const struct timespec *until)
{
    if (!rec_valid_time(until) || !rec_valid_clock(clock))
        return REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
    WAIT(TR_LOCK_TIMED, rec_here(), REAL(pthread_cond_clockwait)(cond, mutex, clock, until));
}

/* Numbered before the real call: a waiter that it wakes has the later number. */
static void signals(pthread_cond_t *cond, uint32_t mode, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_event_shared(s, TR_COND_SIGNAL, cond, mode, cfa);
    rec_leave(s);
}

int rec_cond_signal(pthread_cond_t *cond, uint64_t cfa)
{
    signals(cond, COND, cfa);
    return REAL(pthread_cond_signal)(cond);
}

REC_EXPORT int pthread_cond_signal(pthread_cond_t *cond)
{
    return rec_cond_signal(cond, rec_here());
}

int rec_cond_broadcast(pthread_cond_t *cond, uint64_t cfa)
{
    signals(cond, COND | TR_LOCK_BROADCAST, cfa);
    return REAL(pthread_cond_broadcast)(cond);
}

REC_EXPORT int pthread_cond_broadcast(pthread_cond_t *cond)
{
    return rec_cond_broadcast(cond, rec_here());
}

void rec_cond_made(pthread_cond_t *cond, uint64_t cfa)
{
    enum { SHARED = 1 }; /* in the C library's __wrefs */
    struct rec_stream *s = rec_enter();
    if (s) {
        unsigned shared = cond->__data.__wrefs & SHARED ? TR_ATTR_PROCESS_SHARED : 0;
        rec_object_init(s, cond, rec_stack(s, cfa), COND, shared, 0);
        rec_leave(s);
    }
}

REC_EXPORT int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
    int error = REAL(pthread_cond_init)(cond, attributes);
    if (!error)
        rec_cond_made(cond, rec_here());
    return error;
}

int rec_cond_destroy(pthread_cond_t *cond, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_object_destroyed(s, cond, COND, rec_is_destroyed(cond, COND), cfa);
        rec_leave(s);
    }
    return REAL(pthread_cond_destroy)(cond);
}

REC_EXPORT int pthread_cond_destroy(pthread_cond_t *cond)
{
    return rec_cond_destroy(cond, rec_here());
}
