/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What code compiled with -fsanitize=thread calls, but for the atomics (atomics.c) and what people
 * write by hand (annotations.c). gcc and clang emit different parts of it: unaligned accesses are
 * __tsan_unaligned_* with clang and ranges with gcc; only clang tells reads of vtable pointers and
 * only newer ones call __tsan_memcpy.
 *
 * A call comes just before the access that it tells of; what it returns to is the access's place.
 */
#include "interpose/access/access.h"
#include "interpose/access/user_lock.h"

#include "interpose/core/poison.h"

#define TOLD(address, size, write, mode, pc)                                                       \
    do {                                                                                           \
        if (!rec_access_covered((uint64_t)(address), size, write))                                 \
            rec_access((uint64_t)(address), size, write, mode, pc, rec_here());                    \
    } while (0)

#define ACCESS(name, size, write, mode)                                                            \
    REC_EXPORT void __tsan_##name(void *address);                                                  \
    REC_EXPORT void __tsan_##name(void *address)                                                   \
    {                                                                                              \
        TOLD(address, size, write, mode, rec_return_address());                                    \
    }

#define ACCESS_PC(name, size, write)                                                               \
    REC_EXPORT void __tsan_##name##_pc(void *address, void *pc);                                   \
    REC_EXPORT void __tsan_##name##_pc(void *address, void *pc)                                    \
    {                                                                                              \
        TOLD(address, size, write, 0, (uint64_t)pc);                                               \
    }

/* A read and a write at once (x++): both are told, for only the read says what was read. */
#define COMPOUND(name, size, mode)                                                                 \
    REC_EXPORT void __tsan_##name(void *address);                                                  \
    REC_EXPORT void __tsan_##name(void *address)                                                   \
    {                                                                                              \
        TOLD(address, size, false, mode, rec_return_address());                                    \
        TOLD(address, size, true, (mode) | TR_ACC_COMPOUND, rec_return_address());                 \
    }

#define ACCESSES(size)                                                                             \
    ACCESS(read##size, size, false, 0)                                                             \
    ACCESS(write##size, size, true, 0)                                                             \
    ACCESS_PC(read##size, size, false)                                                             \
    ACCESS_PC(write##size, size, true)                                                             \
    COMPOUND(read_write##size, size, 0)                                                            \
    ACCESS(volatile_read##size, size, false, TR_ACC_VOLATILE)                                      \
    ACCESS(volatile_write##size, size, true, TR_ACC_VOLATILE)

#define UNALIGNED(size)                                                                            \
    ACCESS(unaligned_read##size, size, false, TR_ACC_UNALIGNED)                                    \
    ACCESS(unaligned_write##size, size, true, TR_ACC_UNALIGNED)                                    \
    COMPOUND(unaligned_read_write##size, size, TR_ACC_UNALIGNED)                                   \
    ACCESS(unaligned_volatile_read##size, size, false, TR_ACC_UNALIGNED | TR_ACC_VOLATILE)         \
    ACCESS(unaligned_volatile_write##size, size, true, TR_ACC_UNALIGNED | TR_ACC_VOLATILE)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

ACCESS(vptr_read, 8, false, TR_ACC_VPTR)

/* A constructor stores its own vtable pointer again and again; what does not change races with
 * nothing. */
REC_EXPORT void __tsan_vptr_update(void **vptr, void *value);
REC_EXPORT void __tsan_vptr_update(void **vptr, void *value)
{
    if (*vptr != value)
        TOLD(vptr, 8, true, TR_ACC_VPTR, rec_return_address());
}

/* Ranges.
 * ---------------------------------------------------------------------------------------------- */

#define RANGE(name, write)                                                                         \
    REC_EXPORT void __tsan_##name(void *address, unsigned long size);                              \
    REC_EXPORT void __tsan_##name(void *address, unsigned long size)                               \
    {                                                                                              \
        rec_access_range((uint64_t)address, size, write, rec_return_address(), rec_here());        \
    }                                                                                              \
    REC_EXPORT void __tsan_##name##_pc(void *address, unsigned long size, void *pc);               \
    REC_EXPORT void __tsan_##name##_pc(void *address, unsigned long size, void *pc)                \
    {                                                                                              \
        rec_access_range((uint64_t)address, size, write, (uint64_t)pc, rec_here());                \
    }

RANGE(read_range, false)
RANGE(write_range, true)

REC_EXPORT void *__tsan_memcpy(void *to, const void *from, unsigned long size);
REC_EXPORT void *__tsan_memcpy(void *to, const void *from, unsigned long size)
{
    rec_access_range((uint64_t)from, size, false, rec_return_address(), rec_here());
    rec_access_range((uint64_t)to, size, true, rec_return_address(), rec_here());
    return __builtin_memcpy(to, from, size);
}

REC_EXPORT void *__tsan_memmove(void *to, const void *from, unsigned long size);
REC_EXPORT void *__tsan_memmove(void *to, const void *from, unsigned long size)
{
    rec_access_range((uint64_t)from, size, false, rec_return_address(), rec_here());
    rec_access_range((uint64_t)to, size, true, rec_return_address(), rec_here());
    return __builtin_memmove(to, from, size);
}

REC_EXPORT void *__tsan_memset(void *to, int byte, unsigned long size);
REC_EXPORT void *__tsan_memset(void *to, int byte, unsigned long size)
{
    rec_access_range((uint64_t)to, size, true, rec_return_address(), rec_here());
    return __builtin_memset(to, byte, size);
}

/* Calls.
 * -----------------------------------------------------------------------------------------------
 */

/* The first call of a thread. Before the recorder's start, and where it is interrupted, a call goes
 * untold: its exit finds nothing to end. */
static __attribute__((noinline)) void first_entry(uint64_t pc, uint64_t sp, uint64_t inside)
{
    if (rec_config.accesses != TR_SOURCE_TSAN)
        return;
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    struct rec_access *access = rec_access_of(s);
    if (access) {
        int error = errno;
        rec_module_covered(s, inside, TR_SOURCE_TSAN);
        errno = error;
        rec_calls_enter(&access->calls, pc, sp, inside);
    }
    rec_leave(s);
}

REC_EXPORT void __tsan_func_entry(void *pc);
REC_EXPORT void __tsan_func_entry(void *pc)
{
    struct rec_stream *s = rec_self;
    if (rec_likely(s && s->access))
        rec_calls_enter(&s->access->calls, (uint64_t)pc, rec_here(), rec_return_address());
    else
        first_entry((uint64_t)pc, rec_here(), rec_return_address());
}

REC_EXPORT void __tsan_func_exit(void);
REC_EXPORT void __tsan_func_exit(void)
{
    struct rec_stream *s = rec_self;
    if (rec_likely(s && s->access))
        rec_calls_leave(&s->access->calls, rec_here(), rec_return_address());
}

/* Called by the constructors of each instrumented module, and by gcc's executables also before any
 * constructor, ours included: then it does nothing, for the recorder starts by its own. */
REC_EXPORT void __tsan_init(void);
REC_EXPORT void __tsan_init(void)
{
    if (rec_config.accesses != TR_SOURCE_TSAN)
        return;
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    int error = errno;
    rec_module_initialised(s, rec_return_address(), TR_SOURCE_TSAN);
    errno = error;
    rec_leave(s);
}

/* What is not to be told.
 * ------------------------------------------------------------------------------ */

REC_EXPORT void __tsan_ignore_thread_begin(void);
REC_EXPORT void __tsan_ignore_thread_begin(void)
{
    rec_user_ignore(false, 1);
    rec_user_ignore(true, 1);
}

REC_EXPORT void __tsan_ignore_thread_end(void);
REC_EXPORT void __tsan_ignore_thread_end(void)
{
    rec_user_ignore(false, -1);
    rec_user_ignore(true, -1);
}

#define IGNORE(name, writes, change)                                                               \
    REC_EXPORT void Annotate##name(const char *file, int line);                                    \
    REC_EXPORT void Annotate##name(const char *file, int line)                                     \
    {                                                                                              \
        (void)file;                                                                                \
        (void)line;                                                                                \
        rec_user_ignore(writes, change);                                                           \
    }

IGNORE(IgnoreReadsBegin, false, 1)
IGNORE(IgnoreReadsEnd, false, -1)
IGNORE(IgnoreWritesBegin, true, 1)
IGNORE(IgnoreWritesEnd, true, -1)
