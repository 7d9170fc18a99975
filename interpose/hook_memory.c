/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is copied, set, compared and searched by the C library: gcc never, and clang only
 * lately, tells of it in instrumented code; a struct assignment may be such a call.
 *
 * The C library's memmove does the work of memcpy as well, whose oldest version allowed overlaps.
 * Before the real functions are known, and resolving them may be too early, loops do.
 */
#include "interpose/access/ranges.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "interpose/core/poison.h"

/* Or a loop becomes a call of the function that it stands in for. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

static void *early_move(void *to, const void *from, size_t size)
{
    char *at = to;
    const char *source = from;
    if ((uint64_t)to - (uint64_t)from >= size) {
        __asm__ volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(size)::"memory");
        return to;
    }
    while (size) {
        at[size - 1] = source[size - 1];
        size--;
        KEEP_LOOP();
    }
    return to;
}

static void *early_set(void *to, int byte, size_t size)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return to;
}

/* How many bytes of the two are equal, from the first on. */
static size_t equal(const void *one, const void *other, size_t size)
{
    const unsigned char *a = one, *b = other;
    size_t n = 0;
    for (; n < size && a[n] == b[n]; n++)
        KEEP_LOOP();
    return n;
}

static int early_compare(const void *one, const void *other, size_t size)
{
    size_t n = equal(one, other, size);
    return n == size ? 0 : ((const unsigned char *)one)[n] - ((const unsigned char *)other)[n];
}

static void *early_find(const void *from, int byte, size_t size)
{
    const unsigned char *at = from;
    for (; size; at++, size--) {
        if (*at == (unsigned char)byte)
            return (void *)at;
        KEEP_LOOP();
    }
    return NULL;
}

static inline void *move(void *to, const void *from, size_t size)
{
    void *(*real)(void *, const void *, size_t) = rec_real.memmove;
    return (rec_likely(real != NULL) ? real : early_move)(to, from, size);
}

static inline void *set(void *to, int byte, size_t size)
{
    void *(*real)(void *, int, size_t) = rec_real.memset;
    return (rec_likely(real != NULL) ? real : early_set)(to, byte, size);
}

static inline int compare(const void *one, const void *other, size_t size)
{
    int (*real)(const void *, const void *, size_t) = rec_real.memcmp;
    return (rec_likely(real != NULL) ? real : early_compare)(one, other, size);
}

static inline void *find(const void *from, int byte, size_t size)
{
    void *(*real)(const void *, int, size_t) = rec_real.memchr;
    return (rec_likely(real != NULL) ? real : early_find)(from, byte, size);
}

/* Copying.
 * -------------------------------------------------------------------------------------------- */

#define COPIES(to, from, size)                                                                     \
    do {                                                                                           \
        REC_READS(from, size);                                                                     \
        REC_WRITES(to, size);                                                                      \
    } while (0)

REC_RANGED(void *, memcpy, (void *restrict to, const void *restrict from, size_t size),
           (to, from, size))
{
    REC_UNTOLD(move(to, from, size));
    COPIES(to, from, size);
    return move(to, from, size);
}

REC_RANGED(void *, memmove, (void *to, const void *from, size_t size), (to, from, size))
{
    REC_UNTOLD(move(to, from, size));
    COPIES(to, from, size);
    return move(to, from, size);
}

static void *early_move_to_end(void *to, const void *from, size_t size)
{
    return (char *)early_move(to, from, size) + size;
}

static inline void *move_to_end(void *to, const void *from, size_t size)
{
    void *(*real)(void *, const void *, size_t) = rec_real.mempcpy;
    return (rec_likely(real != NULL) ? real : early_move_to_end)(to, from, size);
}

REC_RANGED(void *, mempcpy, (void *restrict to, const void *restrict from, size_t size),
           (to, from, size))
{
    REC_UNTOLD(move_to_end(to, from, size));
    COPIES(to, from, size);
    return move_to_end(to, from, size);
}

REC_EXPORT void bcopy(const void *from, void *to, size_t size)
{
    if (REC_TELLS)
        COPIES(to, from, size);
    move(to, from, size);
}

/* Up to and including the byte, if it is there. */
REC_RANGED(void *, memccpy, (void *restrict to, const void *restrict from, int byte, size_t size),
           (to, from, byte, size))
{
    REC_UNTOLD(REAL(memccpy)(to, from, byte, size));
    const char *end = REAL(memchr)(from, byte, size);
    COPIES(to, from, end ? (size_t)(end - (const char *)from) + 1 : size);
    return REAL(memccpy)(to, from, byte, size);
}

REC_EXPORT void swab(const void *restrict from, void *restrict to, ssize_t size)
{
    if (size > 1 && REC_TELLS)
        COPIES(to, from, (size_t)size & ~1ul);
    REAL(swab)(from, to, size);
}

/* Setting.
 * -------------------------------------------------------------------------------------------- */

REC_RANGED(void *, memset, (void *to, int byte, size_t size), (to, byte, size))
{
    REC_UNTOLD(set(to, byte, size));
    REC_WRITES(to, size);
    return set(to, byte, size);
}

REC_EXPORT void bzero(void *to, size_t size)
{
    if (REC_TELLS)
        REC_WRITES(to, size);
    set(to, 0, size);
}

REC_EXPORT void explicit_bzero(void *to, size_t size)
{
    if (REC_TELLS)
        REC_WRITES(to, size);
    REAL(explicit_bzero)(to, size);
}

/* With _FORTIFY_SOURCE. They end the program if ROOM is too small: then nothing is written. */

REC_RANGED(void *, __memcpy_chk, (void *to, const void *from, size_t size, size_t room),
           (to, from, size, room))
{
    if (room < size)
        return REAL(__memcpy_chk)(to, from, size, room);
    REC_UNTOLD(move(to, from, size));
    COPIES(to, from, size);
    return move(to, from, size);
}

REC_RANGED(void *, __memmove_chk, (void *to, const void *from, size_t size, size_t room),
           (to, from, size, room))
{
    if (room < size)
        return REAL(__memmove_chk)(to, from, size, room);
    REC_UNTOLD(move(to, from, size));
    COPIES(to, from, size);
    return move(to, from, size);
}

REC_RANGED(void *, __mempcpy_chk, (void *to, const void *from, size_t size, size_t room),
           (to, from, size, room))
{
    if (room < size)
        return REAL(__mempcpy_chk)(to, from, size, room);
    REC_UNTOLD(move_to_end(to, from, size));
    COPIES(to, from, size);
    return move_to_end(to, from, size);
}

REC_RANGED(void *, __memset_chk, (void *to, int byte, size_t size, size_t room),
           (to, byte, size, room))
{
    if (room < size)
        return REAL(__memset_chk)(to, byte, size, room);
    REC_UNTOLD(set(to, byte, size));
    REC_WRITES(to, size);
    return set(to, byte, size);
}

REC_EXPORT void __explicit_bzero_chk(void *to, size_t size, size_t room);
REC_EXPORT void __explicit_bzero_chk(void *to, size_t size, size_t room)
{
    if (room >= size && REC_TELLS)
        REC_WRITES(to, size);
    REAL(__explicit_bzero_chk)(to, size, room);
}

/* Comparing: what lies behind the first difference need not be looked at.
 * -------------------------------------------------------------------------------------------- */

#define COMPARES(one, other, size)                                                                 \
    do {                                                                                           \
        size_t same = equal(one, other, size), seen = same < (size) ? same + 1 : same;             \
        REC_READS(one, seen);                                                                      \
        REC_READS(other, seen);                                                                    \
    } while (0)

REC_RANGED(int, memcmp, (const void *one, const void *other, size_t size), (one, other, size))
{
    REC_UNTOLD(compare(one, other, size));
    COMPARES(one, other, size);
    return compare(one, other, size);
}

REC_EXPORT int bcmp(const void *one, const void *other, size_t size)
    __attribute__((alias("memcmp")));

/* Searching: as far as what is found.
 * -------------------------------------------------------------------------------------------- */

REC_RANGED(void *, memchr, (const void *from, int byte, size_t size), (from, byte, size))
{
    REC_UNTOLD(find(from, byte, size));
    char *found = find(from, byte, size);
    REC_READS(from, found ? (size_t)(found - (const char *)from) + 1 : size);
    return found;
}

REC_RANGED(void *, rawmemchr, (const void *from, int byte), (from, byte))
{
    REC_UNTOLD(REAL(rawmemchr)(from, byte));
    char *found = REAL(rawmemchr)(from, byte);
    REC_READS(from, (size_t)(found - (const char *)from) + 1);
    return found;
}

REC_RANGED(void *, memrchr, (const void *from, int byte, size_t size), (from, byte, size))
{
    REC_UNTOLD(REAL(memrchr)(from, byte, size));
    const char *found = REAL(memrchr)(from, byte, size), *low = found ? found : from;
    REC_READS(low, (size_t)((const char *)from + size - low));
    return (void *)found;
}

REC_RANGED(void *, memmem, (const void *from, size_t size, const void *what, size_t length),
           (from, size, what, length))
{
    REC_UNTOLD(REAL(memmem)(from, size, what, length));
    const char *found = REAL(memmem)(from, size, what, length);
    if (length && length <= size) {
        REC_READS(from, found ? (size_t)(found - (const char *)from) + length : size);
        REC_READS(what, length);
    }
    return (void *)found;
}
