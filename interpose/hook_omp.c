/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenMP's locks, and what is one inside: critical sections and atomic blocks, by the entries of
 * libgomp (GOMP_*, omp_*) and of LLVM's libomp (__kmpc_*, omp_*). Both wait by system calls of
 * their own, so that nothing else is seen of them.
 *
 * The run-time may be loaded for a plugin alone, out of our sight: then it is found from the
 * caller.
 */
#include "interpose/access/user_lock.h"
#include "interpose/core/omp.h"

/* Without a name in the program: one each for all. */
static struct nameless {
    bool named;
} critical, atomic;

/* Once it is held, so that its record is surely there. */
static void name(struct nameless *lock, const char *name)
{
    if (!__atomic_load_n(&lock->named, __ATOMIC_RELAXED)) {
        lock->named = true;
        rec_user_name(lock, name);
    }
}

#define ENTER(lock, real_call)                                                                     \
    do {                                                                                           \
        const void *entered = (lock);                                                              \
        rec_user_requests(entered, 0, rec_here());                                                 \
        real_call;                                                                                 \
        rec_user_acquired(entered, 0, rec_here());                                                 \
    } while (0)

REC_EXPORT void GOMP_critical_start(void)
{
    ENTER(&critical, OMP_REAL(GOMP_critical_start)());
    name(&critical, "omp critical");
}

REC_EXPORT void GOMP_critical_end(void)
{
    rec_user_releases(&critical, 0, rec_here());
    OMP_REAL(GOMP_critical_end)();
}

REC_EXPORT void GOMP_critical_name_start(void **name)
{
    ENTER(name, OMP_REAL(GOMP_critical_name_start)(name));
}

REC_EXPORT void GOMP_critical_name_end(void **name)
{
    rec_user_releases(name, 0, rec_here());
    OMP_REAL(GOMP_critical_name_end)(name);
}

REC_EXPORT void GOMP_atomic_start(void)
{
    ENTER(&atomic, OMP_REAL(GOMP_atomic_start)());
    name(&atomic, "omp atomic");
}

REC_EXPORT void GOMP_atomic_end(void)
{
    rec_user_releases(&atomic, 0, rec_here());
    OMP_REAL(GOMP_atomic_end)();
}

REC_EXPORT void __kmpc_critical(void *place, int32_t thread, void *name)
{
    ENTER(name, OMP_REAL(__kmpc_critical)(place, thread, name));
}

REC_EXPORT void __kmpc_critical_with_hint(void *place, int32_t thread, void *name, uint32_t hint)
{
    ENTER(name, OMP_REAL(__kmpc_critical_with_hint)(place, thread, name, hint));
}

REC_EXPORT void __kmpc_end_critical(void *place, int32_t thread, void *name)
{
    rec_user_releases(name, 0, rec_here());
    OMP_REAL(__kmpc_end_critical)(place, thread, name);
}

/* libomp's reductions: the threads bring their results, and one combines them, by an atomic, in a
 * critical section or along a tree; which one is its own choice. */

static void reduction(uint64_t pc, bool before)
{
    const void *key = rec_omp_key(REC_OMP_REDUCTION, 0);
    if (before)
        rec_omp_before(key, pc);
    else
        rec_omp_after(key, pc);
}

#define REDUCTION(variant)                                                                         \
    REC_EXPORT int32_t __kmpc_reduce##variant(void *place, int32_t thread, int32_t count,          \
                                              size_t size, void *data,                             \
                                              void (*combine)(void *, void *), void *lock)         \
    {                                                                                              \
        reduction(rec_omp_place(), true);                                                          \
        int32_t how =                                                                              \
            OMP_REAL(__kmpc_reduce##variant)(place, thread, count, size, data, combine, lock);     \
        reduction(rec_omp_place(), false);                                                         \
        return how;                                                                                \
    }                                                                                              \
    REC_EXPORT void __kmpc_end_reduce##variant(void *place, int32_t thread, void *lock)            \
    {                                                                                              \
        reduction(rec_omp_place(), true);                                                          \
        OMP_REAL(__kmpc_end_reduce##variant)(place, thread, lock);                                 \
        reduction(rec_omp_place(), false);                                                         \
    }

REDUCTION()
REDUCTION(_nowait)

/* One ordered section after the other. */

REC_EXPORT void __kmpc_ordered(void *place, int32_t thread)
{
    OMP_REAL(__kmpc_ordered)(place, thread);
    rec_omp_after(rec_omp_key(REC_OMP_ORDERED, 0), rec_omp_place());
}

REC_EXPORT void __kmpc_end_ordered(void *place, int32_t thread)
{
    rec_omp_before(rec_omp_key(REC_OMP_ORDERED, 0), rec_omp_place());
    OMP_REAL(__kmpc_end_ordered)(place, thread);
}

REC_EXPORT void __kmpc_doacross_post(void *place, int32_t thread, const int64_t *vector)
{
    rec_omp_before(rec_omp_key(REC_OMP_ORDERED, 0), rec_omp_place());
    OMP_REAL(__kmpc_doacross_post)(place, thread, vector);
}

REC_EXPORT void __kmpc_doacross_wait(void *place, int32_t thread, const int64_t *vector)
{
    OMP_REAL(__kmpc_doacross_wait)(place, thread, vector);
    rec_omp_after(rec_omp_key(REC_OMP_ORDERED, 0), rec_omp_place());
}

/* Locks. Tried first, as all locks are: then a wait is told only where there is one. */

#define LOCKS(kind, attributes)                                                                    \
    REC_EXPORT void omp_init##kind##lock(void *lock)                                               \
    {                                                                                              \
        OMP_REAL(omp_init##kind##lock)(lock);                                                      \
        rec_user_created(lock, attributes, NULL, rec_here());                                      \
    }                                                                                              \
    REC_EXPORT void omp_init##kind##lock_with_hint(void *lock, int hint)                           \
    {                                                                                              \
        OMP_REAL(omp_init##kind##lock_with_hint)(lock, hint);                                      \
        rec_user_created(lock, attributes, NULL, rec_here());                                      \
    }                                                                                              \
    REC_EXPORT void omp_destroy##kind##lock(void *lock)                                            \
    {                                                                                              \
        rec_user_destroyed(lock, rec_here());                                                      \
        OMP_REAL(omp_destroy##kind##lock)(lock);                                                   \
    }                                                                                              \
    REC_EXPORT void omp_set##kind##lock(void *lock)                                                \
    {                                                                                              \
        if (!rec_live.on) {                                                                        \
            OMP_REAL(omp_set##kind##lock)(lock);                                                   \
        } else if (OMP_REAL(omp_test##kind##lock)(lock)) {                                         \
            rec_user_acquired(lock, 0, rec_here());                                                \
        } else {                                                                                   \
            ENTER(lock, OMP_REAL(omp_set##kind##lock)(lock));                                      \
        }                                                                                          \
    }                                                                                              \
    REC_EXPORT void omp_unset##kind##lock(void *lock)                                              \
    {                                                                                              \
        rec_user_releases(lock, 0, rec_here());                                                    \
        OMP_REAL(omp_unset##kind##lock)(lock);                                                     \
    }                                                                                              \
    REC_EXPORT int omp_test##kind##lock(void *lock)                                                \
    {                                                                                              \
        int got = OMP_REAL(omp_test##kind##lock)(lock);                                            \
        if (got)                                                                                   \
            rec_user_acquired(lock, TR_LOCK_TRY, rec_here());                                      \
        else                                                                                       \
            rec_user_failed(lock, TR_LOCK_TRY, rec_here());                                        \
        return got;                                                                                \
    }

LOCKS(_, 0)
LOCKS(_nest_, TR_ATTR_RECURSIVE)
