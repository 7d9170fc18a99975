/* SPDX-License-Identifier: Apache-2.0 */
/* Spin locks. */
#include "interpose/core/lock.h"

enum { SPIN = TR_TYPE_SPIN };

/* What the try did not answer with a plain acquisition that looks like one lately. */
static __attribute__((noinline)) int lock_general(pthread_spinlock_t *lock, int error, uint64_t cfa)
{
    if (error)
        return REC_WAIT((void *)lock, SPIN, cfa, rec_real.pthread_spin_lock(lock));
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_acquired(s, (void *)lock, SPIN, cfa);
        rec_leave(s);
    }
    return 0;
}

REC_EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    if (!rec_live.on)
        return REAL(pthread_spin_lock)(lock);
    int error = rec_real.pthread_spin_trylock(lock);
    struct rec_stream *s = rec_self;
    if (rec_unlikely(error || s->guard))
        return lock_general(lock, error, rec_here());
    rec_guard(s);
    bool done = rec_acquired_again(s, (void *)lock, SPIN, rec_here());
    rec_leave(s);
    return rec_likely(done) ? 0 : lock_general(lock, 0, rec_here());
}

REC_EXPORT int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    int error = REAL(pthread_spin_trylock)(lock);
    struct rec_stream *s = rec_enter();
    if (s) {
        if (error)
            rec_failed(s, (void *)lock, SPIN | TR_LOCK_TRY, rec_here());
        else
            rec_acquired(s, (void *)lock, SPIN | TR_LOCK_TRY, rec_here());
        rec_leave(s);
    }
    return error;
}

static __attribute__((noinline)) int unlock_general(pthread_spinlock_t *lock, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_releases(s, (void *)lock, SPIN, cfa);
        rec_leave(s);
    }
    return REAL(pthread_spin_unlock)(lock);
}

REC_EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    struct rec_stream *s = rec_self;
    if (rec_unlikely(!rec_live.on || s->guard))
        return unlock_general(lock, rec_here());
    rec_guard(s);
    bool done = rec_releases_again(s, (void *)lock, SPIN, rec_here());
    rec_leave(s);
    return rec_likely(done) ? rec_real.pthread_spin_unlock(lock) : unlock_general(lock, rec_here());
}

REC_EXPORT int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    int error = REAL(pthread_spin_init)(lock, shared);
    struct rec_stream *s = error ? NULL : rec_enter();
    if (s) {
        rec_object_init(s, (void *)lock, rec_stack(s, rec_here()), SPIN,
                        shared == PTHREAD_PROCESS_SHARED ? TR_ATTR_PROCESS_SHARED : 0, 0);
        rec_leave(s);
    }
    return error;
}

REC_EXPORT int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    int error = REAL(pthread_spin_destroy)(lock);
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_object_destroyed(s, (void *)lock, SPIN, false, rec_here());
        rec_leave(s);
    }
    return error;
}
