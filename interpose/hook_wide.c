/* SPDX-License-Identifier: Apache-2.0 */
/* Wide characters: what the C library copies, measures, compares and searches of them. */
#include "interpose/access/ranges.h"

#include <wchar.h>

#include "interpose/core/poison.h"

#define HERE rec_return_address(), rec_here()

/* COUNT characters. */
static inline void reads(const wchar_t *from, size_t count, uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)from, count * sizeof *from, false, pc, sp);
}

static inline void writes(wchar_t *to, size_t count, uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)to, count * sizeof *to, true, pc, sp);
}

static size_t bounded(const wchar_t *text, size_t most)
{
    size_t length = REAL(wcsnlen)(text, most);
    return length < most ? length + 1 : most;
}

/* Memory.
 * -------------------------------------------------------------------------------------------- */

static void copies(wchar_t *to, const wchar_t *from, size_t count, uint64_t pc, uint64_t sp)
{
    reads(from, count, pc, sp);
    writes(to, count, pc, sp);
}

#define COPY(name)                                                                                 \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from, size_t count),                 \
               (to, from, count))                                                                  \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from, count));                                                   \
        copies(to, from, count, HERE);                                                             \
        return REAL(name)(to, from, count);                                                        \
    }

/* With _FORTIFY_SOURCE. Where ROOM is too small they end the program, and nothing is told. */
#define COPY_CHECKED(name)                                                                         \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from, size_t count, size_t room),    \
               (to, from, count, room))                                                            \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from, count, room));                                             \
        if (count <= room)                                                                         \
            copies(to, from, count, HERE);                                                         \
        return REAL(name)(to, from, count, room);                                                  \
    }

COPY(wmemcpy)
COPY(wmemmove)
COPY(wmempcpy)
COPY_CHECKED(__wmemcpy_chk)
COPY_CHECKED(__wmemmove_chk)
COPY_CHECKED(__wmempcpy_chk)

REC_RANGED(wchar_t *, wmemset, (wchar_t * to, wchar_t character, size_t count),
           (to, character, count))
{
    REC_UNTOLD(REAL(wmemset)(to, character, count));
    writes(to, count, HERE);
    return REAL(wmemset)(to, character, count);
}

REC_RANGED(wchar_t *, __wmemset_chk, (wchar_t * to, wchar_t character, size_t count, size_t room),
           (to, character, count, room))
{
    REC_UNTOLD(REAL(__wmemset_chk)(to, character, count, room));
    if (count <= room)
        writes(to, count, HERE);
    return REAL(__wmemset_chk)(to, character, count, room);
}

REC_RANGED(int, wmemcmp, (const wchar_t *one, const wchar_t *other, size_t count),
           (one, other, count))
{
    REC_UNTOLD(REAL(wmemcmp)(one, other, count));
    size_t same = 0;
    while (same < count && one[same] == other[same])
        same++;
    same += same < count;
    reads(one, same, HERE);
    reads(other, same, HERE);
    return REAL(wmemcmp)(one, other, count);
}

REC_RANGED(wchar_t *, wmemchr, (const wchar_t *from, wchar_t character, size_t count),
           (from, character, count))
{
    REC_UNTOLD(REAL(wmemchr)(from, character, count));
    wchar_t *found = REAL(wmemchr)(from, character, count);
    reads(from, found ? (size_t)(found - from) + 1 : count, HERE);
    return found;
}

/* Strings.
 * -------------------------------------------------------------------------------------------- */

REC_RANGED(size_t, wcslen, (const wchar_t *text), (text))
{
    REC_UNTOLD(REAL(wcslen)(text));
    size_t length = REAL(wcslen)(text);
    reads(text, length + 1, HERE);
    return length;
}

REC_RANGED(size_t, wcsnlen, (const wchar_t *text, size_t most), (text, most))
{
    REC_UNTOLD(REAL(wcsnlen)(text, most));
    reads(text, bounded(text, most), HERE);
    return REAL(wcsnlen)(text, most);
}

static void tell_comparison(const wchar_t *one, const wchar_t *other, size_t most, uint64_t pc,
                            uint64_t sp)
{
    size_t same = 0;
    while (same < most && one[same] && one[same] == other[same])
        same++;
    same += same < most;
    reads(one, same, pc, sp);
    reads(other, same, pc, sp);
}

REC_RANGED(int, wcscmp, (const wchar_t *one, const wchar_t *other), (one, other))
{
    REC_UNTOLD(REAL(wcscmp)(one, other));
    tell_comparison(one, other, SIZE_MAX, HERE);
    return REAL(wcscmp)(one, other);
}

REC_RANGED(int, wcsncmp, (const wchar_t *one, const wchar_t *other, size_t most),
           (one, other, most))
{
    REC_UNTOLD(REAL(wcsncmp)(one, other, most));
    tell_comparison(one, other, most, HERE);
    return REAL(wcsncmp)(one, other, most);
}

REC_RANGED(wchar_t *, wcschr, (const wchar_t *text, wchar_t character), (text, character))
{
    REC_UNTOLD(REAL(wcschr)(text, character));
    wchar_t *found = REAL(wcschr)(text, character);
    reads(text, found ? (size_t)(found - text) + 1 : REAL(wcslen)(text) + 1, HERE);
    return found;
}

REC_RANGED(wchar_t *, wcsrchr, (const wchar_t *text, wchar_t character), (text, character))
{
    REC_UNTOLD(REAL(wcsrchr)(text, character));
    reads(text, REAL(wcslen)(text) + 1, HERE);
    return REAL(wcsrchr)(text, character);
}

REC_RANGED(wchar_t *, wcsstr, (const wchar_t *text, const wchar_t *what), (text, what))
{
    REC_UNTOLD(REAL(wcsstr)(text, what));
    wchar_t *found = REAL(wcsstr)(text, what);
    size_t length = REAL(wcslen)(what);
    reads(text, found ? (size_t)(found - text) + length : REAL(wcslen)(text) + 1, HERE);
    reads(what, length + 1, HERE);
    return found;
}

/* FROM is read up to its end, but for MOST characters; TO gets as many, or exactly MOST. */
static void tell_copy(wchar_t *to, const wchar_t *from, size_t most, bool fills, uint64_t pc,
                      uint64_t sp)
{
    size_t seen = bounded(from, most);
    reads(from, seen, pc, sp);
    writes(to, fills ? most : seen, pc, sp);
}

static void tell_append(wchar_t *to, const wchar_t *from, size_t most, uint64_t pc, uint64_t sp)
{
    size_t there = REAL(wcslen)(to);
    reads(to, there + 1, pc, sp);
    reads(from, bounded(from, most), pc, sp);
    writes(to + there, REAL(wcsnlen)(from, most) + 1, pc, sp);
}

/* Both strings with one end have room. */
static bool fits(const wchar_t *to, const wchar_t *from, size_t most, size_t room)
{
    size_t there = REAL(wcsnlen)(to, room);
    return there < room && REAL(wcsnlen)(from, most < room ? most : room) < room - there;
}

#define TEXT(name, tell)                                                                           \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from), (to, from))                   \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from));                                                          \
        tell;                                                                                      \
        return REAL(name)(to, from);                                                               \
    }

#define TEXT_MOST(name, tell)                                                                      \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from, size_t most),                  \
               (to, from, most))                                                                   \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from, most));                                                    \
        tell;                                                                                      \
        return REAL(name)(to, from, most);                                                         \
    }

#define TEXT_CHECKED(name, tell)                                                                   \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from, size_t room),                  \
               (to, from, room))                                                                   \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from, room));                                                    \
        tell;                                                                                      \
        return REAL(name)(to, from, room);                                                         \
    }

#define TEXT_MOST_CHECKED(name, tell)                                                              \
    REC_RANGED(wchar_t *, name, (wchar_t * to, const wchar_t *from, size_t most, size_t room),     \
               (to, from, most, room))                                                             \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(to, from, most, room));                                              \
        tell;                                                                                      \
        return REAL(name)(to, from, most, room);                                                   \
    }

#define IF_ROOM(condition, tell)                                                                   \
    if (condition)                                                                                 \
    tell

TEXT(wcscpy, tell_copy(to, from, SIZE_MAX, false, HERE))
TEXT(wcpcpy, tell_copy(to, from, SIZE_MAX, false, HERE))
TEXT(wcscat, tell_append(to, from, SIZE_MAX, HERE))
TEXT_MOST(wcsncpy, tell_copy(to, from, most, true, HERE))
TEXT_MOST(wcpncpy, tell_copy(to, from, most, true, HERE))
TEXT_MOST(wcsncat, tell_append(to, from, most, HERE))
TEXT_CHECKED(__wcscpy_chk,
             IF_ROOM(REAL(wcsnlen)(from, room) < room, tell_copy(to, from, SIZE_MAX, false, HERE)))
TEXT_CHECKED(__wcpcpy_chk,
             IF_ROOM(REAL(wcsnlen)(from, room) < room, tell_copy(to, from, SIZE_MAX, false, HERE)))
TEXT_CHECKED(__wcscat_chk,
             IF_ROOM(fits(to, from, SIZE_MAX, room), tell_append(to, from, SIZE_MAX, HERE)))
TEXT_MOST_CHECKED(__wcsncpy_chk, IF_ROOM(most <= room, tell_copy(to, from, most, true, HERE)))
TEXT_MOST_CHECKED(__wcpncpy_chk, IF_ROOM(most <= room, tell_copy(to, from, most, true, HERE)))
TEXT_MOST_CHECKED(__wcsncat_chk,
                  IF_ROOM(fits(to, from, most, room), tell_append(to, from, most, HERE)))

REC_RANGED(wchar_t *, wcsdup, (const wchar_t *text), (text))
{
    REC_UNTOLD(REAL(wcsdup)(text));
    wchar_t *copy = REAL(wcsdup)(text);
    size_t size = REAL(wcslen)(text) + 1;
    reads(text, size, HERE);
    if (copy)
        writes(copy, size, HERE);
    return copy;
}
