/* SPDX-License-Identifier: Apache-2.0 */
/* Mutexes, of all types. A robust mutex whose owner died is acquired by the try, with EOWNERDEAD.
 */
#include "interpose/core/lock.h"
#include "interpose/core/mark.h"
#include "interpose/pthread_calls.h"

enum { MUTEX = TR_TYPE_MUTEX };

static void acquired(pthread_mutex_t *mutex, uint32_t mode, uint64_t cfa, int error)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_acquired(s, mutex, mode | (error ? (uint32_t)TR_LOCK_OWNER_DEAD : 0), cfa);
    rec_leave(s);
}

/* An attempt that neither got the mutex nor may wait. */
static void refused(pthread_mutex_t *mutex, uint32_t mode, uint64_t cfa, int error)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (error == EBUSY)
        rec_failed(s, mutex, mode, cfa);
    else
        rec_error(s, mutex, mode, cfa, error);
    rec_leave(s);
}

/*
 * The try before a call that may wait. A robust mutex that cannot be recovered stays locked by the
 * C library's trylock, though it is refused, and whoever comes next would wait for ever; a time
 * limit that is over tries rightly.
 */
static inline int try_first(pthread_mutex_t *mutex)
{
    static const struct timespec long_ago = {0, 0};
    enum { ROBUST = 16 };
    if (rec_likely(!(mutex->__data.__kind & ROBUST)))
        return rec_real.pthread_mutex_trylock(mutex);
    int error = rec_real.pthread_mutex_timedlock(mutex, &long_ago);
    return error == ETIMEDOUT ? EBUSY : error;
}

/* What the try did not answer with a plain acquisition that looks like one lately. */
static __attribute__((noinline)) int lock_general(pthread_mutex_t *mutex, int error, uint64_t cfa)
{
    if (error == EBUSY || error == EAGAIN)
        return REC_WAIT(mutex, MUTEX, cfa, rec_real.pthread_mutex_lock(mutex));
    if (error == 0 || error == EOWNERDEAD)
        acquired(mutex, MUTEX, cfa, error);
    else
        refused(mutex, MUTEX, cfa, error);
    return error;
}

REC_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (rec_unlikely(!rec_live.on))
        return REAL(pthread_mutex_lock)(mutex);
    int error = try_first(mutex);
    struct rec_stream *s = rec_self;
    if (rec_unlikely(error || s->guard))
        return lock_general(mutex, error, rec_here());
    rec_guard(s);
    bool done = rec_acquired_again(s, mutex, MUTEX, rec_here());
    rec_leave(s);
    return rec_likely(done) ? 0 : lock_general(mutex, 0, rec_here());
}

int rec_mutex_lock(pthread_mutex_t *mutex, uint64_t cfa)
{
    return lock_general(mutex, try_first(mutex), cfa);
}

int rec_mutex_trylock(pthread_mutex_t *mutex, uint64_t cfa)
{
    int error = REAL(pthread_mutex_trylock)(mutex);
    if (rec_live.on) {
        if (error == 0 || error == EOWNERDEAD)
            acquired(mutex, MUTEX | TR_LOCK_TRY, cfa, error);
        else
            refused(mutex, MUTEX | TR_LOCK_TRY, cfa, error);
    }
    return error;
}

REC_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return rec_mutex_trylock(mutex, rec_here());
}

int rec_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until, uint64_t cfa)
{
    int error = try_first(mutex);
    if (error == 0 || error == EOWNERDEAD)
        acquired(mutex, MUTEX | TR_LOCK_TIMED, cfa, error);
    else if (error == EBUSY || error == EAGAIN)
        error = REC_WAIT(mutex, MUTEX | TR_LOCK_TIMED, cfa,
                         rec_real.pthread_mutex_timedlock(mutex, until));
    else
        refused(mutex, MUTEX | TR_LOCK_TIMED, cfa, error);
    return error;
}

REC_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    return rec_live.on ? rec_mutex_timedlock(mutex, until, rec_here())
                       : REAL(pthread_mutex_timedlock)(mutex, until);
}

REC_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                       const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_clock(clock))
        return REAL(pthread_mutex_clocklock)(mutex, clock, until);
    int error = try_first(mutex);
    if (error == 0 || error == EOWNERDEAD)
        acquired(mutex, MUTEX | TR_LOCK_TIMED, rec_here(), error);
    else if (error == EBUSY || error == EAGAIN)
        error = REC_WAIT(mutex, MUTEX | TR_LOCK_TIMED, rec_here(),
                         rec_real.pthread_mutex_clocklock(mutex, clock, until));
    else
        refused(mutex, MUTEX | TR_LOCK_TIMED, rec_here(), error);
    return error;
}

static __attribute__((noinline)) int unlock_general(pthread_mutex_t *mutex, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return REAL(pthread_mutex_unlock)(mutex);
    if (rec_hot_held_slow(s, TR_RELEASE, MUTEX, mutex, cfa)) {
        rec_leave(s);
        return REAL(pthread_mutex_unlock)(mutex);
    }
    const struct rec_object *object = rec_object(s, mutex, MUTEX);
    bool foreign = object && !rec_owns(object, s) && rec_checks_owner(object);
    if (!foreign)
        rec_releases(s, mutex, MUTEX, cfa);
    rec_leave(s);
    int error = REAL(pthread_mutex_unlock)(mutex);
    if (foreign && error && (s = rec_enter())) {
        rec_error(s, mutex, MUTEX | TR_LOCK_FOREIGN, cfa, error);
        rec_leave(s);
    }
    return error;
}

int rec_mutex_unlock(pthread_mutex_t *mutex, uint64_t cfa)
{
    return unlock_general(mutex, cfa);
}

REC_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    struct rec_stream *s = rec_self;
    if (rec_unlikely(!rec_live.on || s->guard))
        return unlock_general(mutex, rec_here());
    rec_guard(s);
    bool done = rec_releases_again(s, mutex, MUTEX, rec_here());
    rec_leave(s);
    return rec_likely(done) ? rec_real.pthread_mutex_unlock(mutex)
                            : unlock_general(mutex, rec_here());
}

void rec_mutex_made(pthread_mutex_t *mutex, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_object_init(s, mutex, rec_stack(s, cfa), MUTEX, 0, 0);
        rec_leave(s);
    }
}

REC_EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    int error = REAL(pthread_mutex_init)(mutex, attributes);
    if (!error)
        rec_mutex_made(mutex, rec_here());
    return error;
}

int rec_mutex_destroy(pthread_mutex_t *mutex, uint64_t cfa)
{
    bool before = rec_is_destroyed(mutex, MUTEX);
    int error = REAL(pthread_mutex_destroy)(mutex);
    struct rec_stream *s = rec_enter();
    if (s) {
        if (error)
            rec_error(s, mutex, MUTEX, cfa, error);
        else
            rec_object_destroyed(s, mutex, MUTEX, before, cfa);
        rec_leave(s);
    }
    return error;
}

REC_EXPORT int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return rec_mutex_destroy(mutex, rec_here());
}
