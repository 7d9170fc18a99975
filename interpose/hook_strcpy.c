/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that the C library copies, appends and takes apart for its caller. What is copied is
 * measured first: both sides are told before the real function begins.
 */
#include "interpose/access/ranges.h"

#include <string.h>

#define LENGTH(text) REAL(strlen)(text)

/* Before the real functions are known, and resolving them may be too early. */

#define KNOWN(name) (rec_likely(rec_real.name != NULL) ? rec_real.name : early_##name)

static char *early_strcpy(char *to, const char *from)
{
    for (char *at = to; (*at++ = *from++);)
        __asm__ volatile("" ::: "memory"); /* or it becomes a call of strcpy */
    return to;
}

static char *early_strncpy(char *to, const char *from, size_t size)
{
    for (size_t n = 0; n < size; n++) {
        to[n] = *from;
        from += *from != 0;
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

static char *early_strcat(char *to, const char *from)
{
    char *end = to;
    for (; *end; end++)
        __asm__ volatile("" ::: "memory");
    early_strcpy(end, from);
    return to;
}

/* Copying.
 * -------------------------------------------------------------------------------------------- */

/* Of FROM no more than MOST are looked at, and TO gets no more; it is filled up if it is to have
 * MOST. */
static void tell_copy(char *to, const char *from, size_t most, bool fills, uint64_t pc, uint64_t sp)
{
    size_t length = REAL(strnlen)(from, most), seen = length < most ? length + 1 : most;
    rec_access_range((uint64_t)from, seen, false, pc, sp);
    rec_access_range((uint64_t)to, fills ? most : seen, true, pc, sp);
}

/* Behind what TO has already, of which the end is looked for. */
static void tell_append(char *to, const char *from, size_t most, uint64_t pc, uint64_t sp)
{
    size_t there = LENGTH(to), length = REAL(strnlen)(from, most);
    rec_access_range((uint64_t)to, there + 1, false, pc, sp);
    rec_access_range((uint64_t)from, length < most ? length + 1 : most, false, pc, sp);
    rec_access_range((uint64_t)to + there, length + 1, true, pc, sp);
}

#define HERE rec_return_address(), rec_here()

REC_RANGED(char *, strcpy, (char *restrict to, const char *restrict from), (to, from))
{
    REC_UNTOLD(KNOWN(strcpy)(to, from));
    tell_copy(to, from, SIZE_MAX, false, HERE);
    return REAL(strcpy)(to, from);
}

REC_RANGED(char *, stpcpy, (char *restrict to, const char *restrict from), (to, from))
{
    REC_UNTOLD(REAL(stpcpy)(to, from));
    tell_copy(to, from, SIZE_MAX, false, HERE);
    return REAL(stpcpy)(to, from);
}

REC_RANGED(char *, strncpy, (char *restrict to, const char *restrict from, size_t size),
           (to, from, size))
{
    REC_UNTOLD(KNOWN(strncpy)(to, from, size));
    tell_copy(to, from, size, true, HERE);
    return REAL(strncpy)(to, from, size);
}

REC_RANGED(char *, stpncpy, (char *restrict to, const char *restrict from, size_t size),
           (to, from, size))
{
    REC_UNTOLD(REAL(stpncpy)(to, from, size));
    tell_copy(to, from, size, true, HERE);
    return REAL(stpncpy)(to, from, size);
}

REC_RANGED(char *, strcat, (char *restrict to, const char *restrict from), (to, from))
{
    REC_UNTOLD(KNOWN(strcat)(to, from));
    tell_append(to, from, SIZE_MAX, HERE);
    return REAL(strcat)(to, from);
}

REC_RANGED(char *, strncat, (char *restrict to, const char *restrict from, size_t size),
           (to, from, size))
{
    REC_UNTOLD(REAL(strncat)(to, from, size));
    tell_append(to, from, size, HERE);
    return REAL(strncat)(to, from, size);
}

/* With _FORTIFY_SOURCE. Where ROOM is too small they end the program, and nothing is told. */

REC_RANGED(char *, __strcpy_chk, (char *to, const char *from, size_t room), (to, from, room))
{
    REC_UNTOLD(REAL(__strcpy_chk)(to, from, room));
    if (REAL(strnlen)(from, room) < room)
        tell_copy(to, from, SIZE_MAX, false, HERE);
    return REAL(__strcpy_chk)(to, from, room);
}

REC_RANGED(char *, __stpcpy_chk, (char *to, const char *from, size_t room), (to, from, room))
{
    REC_UNTOLD(REAL(__stpcpy_chk)(to, from, room));
    if (REAL(strnlen)(from, room) < room)
        tell_copy(to, from, SIZE_MAX, false, HERE);
    return REAL(__stpcpy_chk)(to, from, room);
}

REC_RANGED(char *, __strncpy_chk, (char *to, const char *from, size_t size, size_t room),
           (to, from, size, room))
{
    REC_UNTOLD(REAL(__strncpy_chk)(to, from, size, room));
    if (size <= room)
        tell_copy(to, from, size, true, HERE);
    return REAL(__strncpy_chk)(to, from, size, room);
}

REC_RANGED(char *, __stpncpy_chk, (char *to, const char *from, size_t size, size_t room),
           (to, from, size, room))
{
    REC_UNTOLD(REAL(__stpncpy_chk)(to, from, size, room));
    if (size <= room)
        tell_copy(to, from, size, true, HERE);
    return REAL(__stpncpy_chk)(to, from, size, room);
}

/* Both strings with one end have room. */
static bool fits(const char *to, const char *from, size_t most, size_t room)
{
    size_t there = REAL(strnlen)(to, room);
    return there < room && REAL(strnlen)(from, most < room ? most : room) < room - there;
}

REC_RANGED(char *, __strcat_chk, (char *to, const char *from, size_t room), (to, from, room))
{
    REC_UNTOLD(REAL(__strcat_chk)(to, from, room));
    if (fits(to, from, SIZE_MAX, room))
        tell_append(to, from, SIZE_MAX, HERE);
    return REAL(__strcat_chk)(to, from, room);
}

REC_RANGED(char *, __strncat_chk, (char *to, const char *from, size_t size, size_t room),
           (to, from, size, room))
{
    REC_UNTOLD(REAL(__strncat_chk)(to, from, size, room));
    if (fits(to, from, size, room))
        tell_append(to, from, size, HERE);
    return REAL(__strncat_chk)(to, from, size, room);
}

/* A copy of its own: nobody else knows of it yet, but of who reads it later it must be known. */

REC_RANGED(char *, strdup, (const char *text), (text))
{
    REC_UNTOLD(REAL(strdup)(text));
    char *copy = REAL(strdup)(text);
    size_t length = LENGTH(text);
    REC_READS(text, length + 1);
    if (copy)
        REC_WRITES(copy, length + 1);
    return copy;
}

REC_RANGED(char *, strndup, (const char *text, size_t most), (text, most))
{
    REC_UNTOLD(REAL(strndup)(text, most));
    char *copy = REAL(strndup)(text, most);
    size_t length = REAL(strnlen)(text, most);
    REC_READS(text, length < most ? length + 1 : most);
    if (copy)
        REC_WRITES(copy, length + 1);
    return copy;
}

/* Taking apart.
 * -------------------------------------------------------------------------------------------- */

/* TEXT was read up to REST, or, where a separator became the end of the piece at END, one less. */
static void tell_cut(const char *text, const char *end, const char *rest, const char *separators,
                     uint64_t pc, uint64_t sp)
{
    bool cut = end && rest == end + 1;
    rec_access_range((uint64_t)text, (size_t)(rest - text) + !cut, false, pc, sp);
    if (cut)
        rec_access_range((uint64_t)end, 1, true, pc, sp);
    rec_access_range((uint64_t)separators, LENGTH(separators) + 1, false, pc, sp);
}

REC_RANGED(char *, strtok_r,
           (char *restrict text, const char *restrict separators, char **restrict rest),
           (text, separators, rest))
{
    REC_UNTOLD(REAL(strtok_r)(text, separators, rest));
    if (!text)
        REC_READS(rest, sizeof *rest);
    const char *from = text ? text : *rest;
    char *piece = REAL(strtok_r)(text, separators, rest);
    if (!from)
        return piece;
    tell_cut(from, piece ? piece + LENGTH(piece) : NULL, *rest, separators, HERE);
    REC_WRITES(rest, sizeof *rest);
    return piece;
}

REC_RANGED(char *, strsep, (char **restrict rest, const char *restrict separators),
           (rest, separators))
{
    REC_UNTOLD(REAL(strsep)(rest, separators));
    REC_READS(rest, sizeof *rest);
    char *piece = REAL(strsep)(rest, separators);
    if (!piece)
        return piece;
    const char *end = piece + LENGTH(piece);
    tell_cut(piece, end, *rest ? *rest : end, separators, HERE);
    REC_WRITES(rest, sizeof *rest);
    return piece;
}
