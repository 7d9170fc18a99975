/* SPDX-License-Identifier: Apache-2.0 */
/* Reader-writer locks. Timed calls look at the time before they try, as the C library does. */
#include "interpose/core/lock.h"
#include "interpose/core/mark.h"

enum { READ = TR_TYPE_RWLOCK | TR_LOCK_SHARED, WRITE = TR_TYPE_RWLOCK };

/* What a try, or a call that did not wait, has returned. */
static void tried(pthread_rwlock_t *lock, uint32_t mode, uint64_t cfa, int error)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (error == EBUSY)
        rec_failed(s, lock, mode, cfa);
    else if (error)
        rec_error(s, lock, mode, cfa, error);
    else if (mode & TR_LOCK_SHARED)
        rec_acquired_shared(s, lock, mode, cfa);
    else
        rec_acquired(s, lock, mode, cfa);
    rec_leave(s);
}

static inline bool must_wait(int error)
{
    return error == EBUSY || error == EAGAIN;
}

#define LOCK(mode, try_call, real_call)                                                            \
    do {                                                                                           \
        int error = (try_call);                                                                    \
        if (must_wait(error))                                                                      \
            return REC_WAIT(lock, (mode), rec_here(), (real_call));                                \
        tried(lock, (mode), rec_here(), error);                                                    \
        return error;                                                                              \
    } while (0)

REC_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    if (!rec_live.on)
        return REAL(pthread_rwlock_rdlock)(lock);
    LOCK(READ, rec_real.pthread_rwlock_tryrdlock(lock), rec_real.pthread_rwlock_rdlock(lock));
}

REC_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    if (!rec_live.on)
        return REAL(pthread_rwlock_wrlock)(lock);
    LOCK(WRITE, rec_real.pthread_rwlock_trywrlock(lock), rec_real.pthread_rwlock_wrlock(lock));
}

REC_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    int error = REAL(pthread_rwlock_tryrdlock)(lock);
    if (rec_live.on)
        tried(lock, READ | TR_LOCK_TRY, rec_here(), error);
    return error;
}

REC_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    int error = REAL(pthread_rwlock_trywrlock)(lock);
    if (rec_live.on)
        tried(lock, WRITE | TR_LOCK_TRY, rec_here(), error);
    return error;
}

REC_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until))
        return REAL(pthread_rwlock_timedrdlock)(lock, until);
    LOCK(READ | TR_LOCK_TIMED, rec_real.pthread_rwlock_tryrdlock(lock),
         rec_real.pthread_rwlock_timedrdlock(lock, until));
}

REC_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until))
        return REAL(pthread_rwlock_timedwrlock)(lock, until);
    LOCK(WRITE | TR_LOCK_TIMED, rec_real.pthread_rwlock_trywrlock(lock),
         rec_real.pthread_rwlock_timedwrlock(lock, until));
}

REC_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                          const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until) || !rec_valid_clock(clock))
        return REAL(pthread_rwlock_clockrdlock)(lock, clock, until);
    LOCK(READ | TR_LOCK_TIMED, rec_real.pthread_rwlock_tryrdlock(lock),
         rec_real.pthread_rwlock_clockrdlock(lock, clock, until));
}

REC_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                          const struct timespec *until)
{
    if (!rec_live.on || !rec_valid_time(until) || !rec_valid_clock(clock))
        return REAL(pthread_rwlock_clockwrlock)(lock, clock, until);
    LOCK(WRITE | TR_LOCK_TIMED, rec_real.pthread_rwlock_trywrlock(lock),
         rec_real.pthread_rwlock_clockwrlock(lock, clock, until));
}

/* By the C library's own word: then the caller, of whom it is not known that it has the lock, has
 * not. */
static bool is_free(const pthread_rwlock_t *lock)
{
    enum { WRITE_LOCKED = 2, READER = 8 };
    unsigned readers = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);
    return readers < READER && !(readers & WRITE_LOCKED);
}

REC_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        const struct rec_object *object = rec_object_find(lock);
        if (object && rec_owns(object, s))
            rec_releases(s, lock, WRITE, rec_here());
        else
            rec_releases_shared(s, lock, is_free(lock) ? READ | TR_LOCK_FOREIGN : READ, rec_here());
        rec_leave(s);
    }
    return REAL(pthread_rwlock_unlock)(lock);
}

REC_EXPORT int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes)
{
    int error = REAL(pthread_rwlock_init)(lock, attributes);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        rec_object_init(s, lock, rec_stack(s, rec_here()), WRITE, 0, 0);
        rec_leave(s);
    }
    return error;
}

REC_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    bool before = rec_is_destroyed(lock, WRITE);
    int error = REAL(pthread_rwlock_destroy)(lock);
    if (!error)
        rec_mark(lock, WRITE, REC_MARK_DESTROYED);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        rec_object_destroyed(s, lock, WRITE, before, rec_here());
        rec_leave(s);
    }
    return error;
}
