/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people write by hand to tell a race detector of order that it cannot see: TSan's public
 * interface (sanitizer/tsan_interface.h), the older dynamic annotations, and what TSan offers to
 * Java virtual machines.
 *
 * Locks told this way become order alone, from each release to what acquires later, and no lock of
 * the lock analyses: the lock so told often contains a real one at the same address, whose own hook
 * has told of it.
 */
#include "interpose/access/access.h"

#include "interpose/core/poison.h"

static __attribute__((noinline)) void order(uint8_t kind, const volatile void *address, uint64_t pc,
                                            uint64_t sp)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_object *location = rec_location((const void *)address);
    if (location) {
        struct rec_access *access = rec_access_of(s);
        uint32_t stack = access ? rec_access_stack(s, access, pc, sp) : rec_stack(s, sp);
        rec_sync(s, kind, 0, stack, (uint64_t)address, rec_version(location));
    }
    rec_leave(s);
}

/* In the entry itself, for its caller's place. */
#define BEFORE(address) order(TR_HB_BEFORE, address, rec_return_address(), rec_here())
#define AFTER(address)  order(TR_HB_AFTER, address, rec_return_address(), rec_here())

#define ORDER(name, parameters, what)                                                              \
    REC_EXPORT void name parameters;                                                               \
    REC_EXPORT void name parameters                                                                \
    {                                                                                              \
        what;                                                                                      \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"

ORDER(__tsan_acquire, (void *address), AFTER(address))
ORDER(__tsan_release, (void *address), BEFORE(address))

ORDER(AnnotateHappensBefore, (const char *file, int line, const volatile void *address),
      BEFORE(address))
ORDER(AnnotateHappensAfter, (const char *file, int line, const volatile void *address),
      AFTER(address))
ORDER(WTFAnnotateHappensBefore, (const char *file, int line, const volatile void *address),
      BEFORE(address))
ORDER(WTFAnnotateHappensAfter, (const char *file, int line, const volatile void *address),
      AFTER(address))
ORDER(AnnotateRWLockAcquired,
      (const char *file, int line, const volatile void *lock, long is_writer), AFTER(lock))
ORDER(AnnotateRWLockReleased,
      (const char *file, int line, const volatile void *lock, long is_writer), BEFORE(lock))

/* Mutexes of the program's own making. */

enum { TRY_LOCK_FAILED = 1 << 5 };

ORDER(__tsan_mutex_post_lock, (void *address, unsigned flags, int recursion), {
    if (!(flags & TRY_LOCK_FAILED))
        AFTER(address);
})

REC_EXPORT int __tsan_mutex_pre_unlock(void *address, unsigned flags);
REC_EXPORT int __tsan_mutex_pre_unlock(void *address, unsigned flags)
{
    BEFORE(address);
    return 1;
}

/* Java: objects are known by address. */

ORDER(__tsan_java_acquire, (unsigned long address), AFTER((void *)address))
ORDER(__tsan_java_release, (unsigned long address), BEFORE((void *)address))
ORDER(__tsan_java_release_store, (unsigned long address), BEFORE((void *)address))
ORDER(__tsan_java_mutex_lock, (unsigned long address), AFTER((void *)address))
ORDER(__tsan_java_mutex_unlock, (unsigned long address), BEFORE((void *)address))
ORDER(__tsan_java_mutex_read_lock, (unsigned long address), AFTER((void *)address))
ORDER(__tsan_java_mutex_read_unlock, (unsigned long address), BEFORE((void *)address))
ORDER(__tsan_java_mutex_lock_rec, (unsigned long address, int recursion), AFTER((void *)address))

REC_EXPORT int __tsan_java_mutex_unlock_rec(unsigned long address);
REC_EXPORT int __tsan_java_mutex_unlock_rec(unsigned long address)
{
    BEFORE((void *)address);
    return 1;
}

/* Objects behind a library's interface: one byte stands for them. */

ORDER(__tsan_external_read, (void *address, void *caller, void *tag),
      rec_access((uint64_t)address, 1, false, 0, (uint64_t)caller, rec_here()))
ORDER(__tsan_external_write, (void *address, void *caller, void *tag),
      rec_access((uint64_t)address, 1, true, 0, (uint64_t)caller, rec_here()))
