/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is copied and set by the C library: gcc never, and clang only lately, tells of it in
 * instrumented code; a struct assignment may be such a call. Calls from instrumented modules are
 * told as the accesses that they are. Others pass: a library that tells none of its other accesses
 * would be half known.
 *
 * The C library's memmove does the work of memcpy as well, whose oldest version allowed overlaps.
 * Before it is known, and resolving it may be too early, two loops do.
 */
#include "interpose/access/access.h"

#include "interpose/core/poison.h"

static inline bool tells(uint64_t pc)
{
    return rec_live.on && rec_config.accesses == TR_SOURCE_TSAN &&
           rec_module_source(pc) == TR_SOURCE_TSAN;
}

static __attribute__((noinline)) void tell_copy(void *to, const void *from, size_t size,
                                                uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)from, size, false, pc, sp);
    rec_access_range((uint64_t)to, size, true, pc, sp);
}

static void *move(void *to, const void *from, size_t size)
{
    if (rec_likely(rec_real.memmove != NULL))
        return rec_real.memmove(to, from, size);
    char *at = to;
    const char *source = from;
    if ((uint64_t)to - (uint64_t)from >= size) {
        __asm__ volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(size)::"memory");
        return to;
    }
    while (size) {
        at[size - 1] = source[size - 1];
        size--;
        __asm__ volatile("" ::: "memory"); /* or it becomes a call of memmove */
    }
    return to;
}

static void *set(void *to, int byte, size_t size)
{
    if (rec_likely(rec_real.memset != NULL))
        return rec_real.memset(to, byte, size);
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

REC_EXPORT void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (tells(rec_return_address()))
        tell_copy(to, from, size, rec_return_address(), rec_here());
    return move(to, from, size);
}

REC_EXPORT void *memmove(void *to, const void *from, size_t size)
{
    if (tells(rec_return_address()))
        tell_copy(to, from, size, rec_return_address(), rec_here());
    return move(to, from, size);
}

REC_EXPORT void *memset(void *to, int byte, size_t size)
{
    if (tells(rec_return_address()))
        rec_access_range((uint64_t)to, size, true, rec_return_address(), rec_here());
    return set(to, byte, size);
}

/* With _FORTIFY_SOURCE. They end the program if ROOM is too small. */

REC_EXPORT void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
    if (tells(rec_return_address()))
        tell_copy(to, from, size, rec_return_address(), rec_here());
    return room >= size ? move(to, from, size) : REAL(__memcpy_chk)(to, from, size, room);
}

REC_EXPORT void *__memmove_chk(void *to, const void *from, size_t size, size_t room)
{
    if (tells(rec_return_address()))
        tell_copy(to, from, size, rec_return_address(), rec_here());
    return room >= size ? move(to, from, size) : REAL(__memmove_chk)(to, from, size, room);
}

REC_EXPORT void *__memset_chk(void *to, int byte, size_t size, size_t room)
{
    if (tells(rec_return_address()))
        rec_access_range((uint64_t)to, size, true, rec_return_address(), rec_here());
    return room >= size ? set(to, byte, size) : REAL(__memset_chk)(to, byte, size, room);
}
