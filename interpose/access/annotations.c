/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people write by hand to tell a race detector of order that it cannot see: TSan's public
 * interface (sanitizer/tsan_interface.h), the older dynamic annotations, and what TSan offers to
 * Java virtual machines.
 *
 * A mutex so told is a lock of its own, unless one of the C library lies at its address: see
 * user_lock.h. The older RWLock annotations say too little of readers for that, and become order
 * alone.
 */
#include "interpose/access/access.h"
#include "interpose/access/user_lock.h"

#include "interpose/core/poison.h"

/* In the entry itself, for its caller's place. */
#define BEFORE(address) rec_user_before((const void *)(address), rec_here())
#define AFTER(address)  rec_user_after((const void *)(address), rec_here())

#define TELL(name, parameters, what)                                                               \
    REC_EXPORT void name parameters;                                                               \
    REC_EXPORT void name parameters                                                                \
    {                                                                                              \
        what;                                                                                      \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"

TELL(__tsan_acquire, (void *address), AFTER(address))
TELL(__tsan_release, (void *address), BEFORE(address))

TELL(AnnotateHappensBefore, (const char *file, int line, const volatile void *address),
     BEFORE(address))
TELL(AnnotateHappensAfter, (const char *file, int line, const volatile void *address),
     AFTER(address))
TELL(WTFAnnotateHappensBefore, (const char *file, int line, const volatile void *address),
     BEFORE(address))
TELL(WTFAnnotateHappensAfter, (const char *file, int line, const volatile void *address),
     AFTER(address))
TELL(AnnotateRWLockAcquired,
     (const char *file, int line, const volatile void *lock, long is_writer), AFTER(lock))
TELL(AnnotateRWLockReleased,
     (const char *file, int line, const volatile void *lock, long is_writer), BEFORE(lock))

/* Mutexes of the program's own making: flags as in sanitizer/tsan_interface.h. */

enum { WRITE_REENTRANT = 1 << 1, READ_LOCK = 1 << 3, TRY_LOCK = 1 << 4, TRY_LOCK_FAILED = 1 << 5 };

static uint32_t how(unsigned flags)
{
    return (flags & READ_LOCK ? TR_LOCK_SHARED : 0u) | (flags & TRY_LOCK ? TR_LOCK_TRY : 0u);
}

TELL(__tsan_mutex_create, (void *address, unsigned flags),
     rec_user_created(address, flags &WRITE_REENTRANT ? TR_ATTR_RECURSIVE : 0, NULL, rec_here()))
TELL(__tsan_mutex_destroy, (void *address, unsigned flags), rec_user_destroyed(address, rec_here()))

TELL(__tsan_mutex_pre_lock, (void *address, unsigned flags), {
    if (!(flags & TRY_LOCK))
        rec_user_requests(address, how(flags), rec_here());
})

TELL(__tsan_mutex_post_lock, (void *address, unsigned flags, int recursion), {
    if (flags & TRY_LOCK_FAILED)
        rec_user_failed(address, how(flags), rec_here());
    else
        rec_user_acquired(address, how(flags), rec_here());
})

REC_EXPORT int __tsan_mutex_pre_unlock(void *address, unsigned flags);
REC_EXPORT int __tsan_mutex_pre_unlock(void *address, unsigned flags)
{
    rec_user_releases(address, how(flags), rec_here());
    return 1;
}

/* Races that are meant, and names. */

TELL(AnnotateBenignRace,
     (const char *file, int line, const volatile void *address, const char *description),
     rec_user_benign((const void *)address, 8, description, rec_here()))
TELL(AnnotateBenignRaceSized,
     (const char *file, int line, const volatile void *address, long size, const char *description),
     rec_user_benign((const void *)address, (uint64_t)size, description, rec_here()))
TELL(WTFAnnotateBenignRaceSized,
     (const char *file, int line, const volatile void *address, long size, const char *description),
     rec_user_benign((const void *)address, (uint64_t)size, description, rec_here()))
TELL(AnnotateThreadName, (const char *file, int line, const char *name), rec_user_thread_name(name))

/* Java: objects are known by address. */

TELL(__tsan_java_acquire, (unsigned long address), AFTER((void *)address))
TELL(__tsan_java_release, (unsigned long address), BEFORE((void *)address))
TELL(__tsan_java_release_store, (unsigned long address), BEFORE((void *)address))
TELL(__tsan_java_mutex_lock, (unsigned long address), AFTER((void *)address))
TELL(__tsan_java_mutex_unlock, (unsigned long address), BEFORE((void *)address))
TELL(__tsan_java_mutex_read_lock, (unsigned long address), AFTER((void *)address))
TELL(__tsan_java_mutex_read_unlock, (unsigned long address), BEFORE((void *)address))
TELL(__tsan_java_mutex_lock_rec, (unsigned long address, int recursion), AFTER((void *)address))

REC_EXPORT int __tsan_java_mutex_unlock_rec(unsigned long address);
REC_EXPORT int __tsan_java_mutex_unlock_rec(unsigned long address)
{
    BEFORE((void *)address);
    return 1;
}

/* Objects behind a library's interface: one byte stands for them. */

TELL(__tsan_external_read, (void *address, void *caller, void *tag),
     rec_access((uint64_t)address, 1, false, 0, (uint64_t)caller, rec_here()))
TELL(__tsan_external_write, (void *address, void *caller, void *tag),
     rec_access((uint64_t)address, 1, true, 0, (uint64_t)caller, rec_here()))
