/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that the C library puts together in its caller's memory: told as a write of what it wrote,
 * afterwards, for only then it is known how much that is. What the arguments point to is not told.
 *
 * With their arguments, the others of a kind are called as the C library does itself.
 */
#define __NO_INLINE__ 1
#include "interpose/access/ranges.h"

#include <stdio.h>
#include <wchar.h>

/* LENGTH characters and an end, if there is ROOM for them. */
static void tell_text(char *to, int length, size_t room, uint64_t pc, uint64_t sp)
{
    if (length >= 0 && room && rec_tells(pc))
        rec_access_range((uint64_t)to, (size_t)length < room ? (size_t)length + 1 : room, true, pc,
                         sp);
}

/* A block of its own for it. */
static void tell_block(char **to, int length, uint64_t pc, uint64_t sp)
{
    if (length < 0 || !rec_tells(pc))
        return;
    rec_access_range((uint64_t)*to, (size_t)length + 1, true, pc, sp);
    rec_access_range((uint64_t)to, sizeof *to, true, pc, sp);
}

#define HERE rec_return_address(), rec_here()

#define WRITTEN(call, room)                                                                        \
    int length = call;                                                                             \
    tell_text(to, length, room, HERE);                                                             \
    return length

#define WRITTEN_BLOCK(call)                                                                        \
    int length = call;                                                                             \
    tell_block(to, length, HERE);                                                                  \
    return length

#define WITH_ARGUMENTS(call)                                                                       \
    va_list arguments;                                                                             \
    va_start(arguments, format);                                                                   \
    int length = call;                                                                             \
    va_end(arguments)

REC_EXPORT int vsprintf(char *restrict to, const char *restrict format, va_list arguments)
{
    WRITTEN(REAL(vsprintf)(to, format, arguments), SIZE_MAX);
}

REC_EXPORT int vsnprintf(char *restrict to, size_t room, const char *restrict format,
                         va_list arguments)
{
    WRITTEN(REAL(vsnprintf)(to, room, format, arguments), room);
}

REC_EXPORT int vasprintf(char **restrict to, const char *restrict format, va_list arguments)
{
    WRITTEN_BLOCK(REAL(vasprintf)(to, format, arguments));
}

REC_EXPORT int sprintf(char *restrict to, const char *restrict format, ...)
{
    WITH_ARGUMENTS(REAL(vsprintf)(to, format, arguments));
    tell_text(to, length, SIZE_MAX, HERE);
    return length;
}

REC_EXPORT int snprintf(char *restrict to, size_t room, const char *restrict format, ...)
{
    WITH_ARGUMENTS(REAL(vsnprintf)(to, room, format, arguments));
    tell_text(to, length, room, HERE);
    return length;
}

REC_EXPORT int asprintf(char **restrict to, const char *restrict format, ...)
{
    WITH_ARGUMENTS(REAL(vasprintf)(to, format, arguments));
    tell_block(to, length, HERE);
    return length;
}

/* With _FORTIFY_SOURCE. What does not fit into ROOM ends the program. */

REC_EXPORT int __vsprintf_chk(char *to, int flag, size_t room, const char *format,
                              va_list arguments);
REC_EXPORT int __vsprintf_chk(char *to, int flag, size_t room, const char *format,
                              va_list arguments)
{
    WRITTEN(REAL(__vsprintf_chk)(to, flag, room, format, arguments), SIZE_MAX);
}

REC_EXPORT int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format,
                               va_list arguments);
REC_EXPORT int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format,
                               va_list arguments)
{
    WRITTEN(REAL(__vsnprintf_chk)(to, size, flag, room, format, arguments), size);
}

REC_EXPORT int __vasprintf_chk(char **to, int flag, const char *format, va_list arguments);
REC_EXPORT int __vasprintf_chk(char **to, int flag, const char *format, va_list arguments)
{
    WRITTEN_BLOCK(REAL(__vasprintf_chk)(to, flag, format, arguments));
}

REC_EXPORT int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
REC_EXPORT int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    WITH_ARGUMENTS(REAL(__vsprintf_chk)(to, flag, room, format, arguments));
    tell_text(to, length, SIZE_MAX, HERE);
    return length;
}

REC_EXPORT int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format,
                              ...);
REC_EXPORT int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
    WITH_ARGUMENTS(REAL(__vsnprintf_chk)(to, size, flag, room, format, arguments));
    tell_text(to, length, size, HERE);
    return length;
}

REC_EXPORT int __asprintf_chk(char **to, int flag, const char *format, ...);
REC_EXPORT int __asprintf_chk(char **to, int flag, const char *format, ...)
{
    WITH_ARGUMENTS(REAL(__vasprintf_chk)(to, flag, format, arguments));
    tell_block(to, length, HERE);
    return length;
}

/* Wide characters: what does not fit is an error, and then how much was written is not known. */

static void tell_wide(wchar_t *to, int length, uint64_t pc, uint64_t sp)
{
    if (length >= 0 && rec_tells(pc))
        rec_access_range((uint64_t)to, ((size_t)length + 1) * sizeof *to, true, pc, sp);
}

REC_EXPORT int vswprintf(wchar_t *restrict to, size_t room, const wchar_t *restrict format,
                         va_list arguments)
{
    int length = REAL(vswprintf)(to, room, format, arguments);
    tell_wide(to, length, HERE);
    return length;
}

REC_EXPORT int swprintf(wchar_t *restrict to, size_t room, const wchar_t *restrict format, ...)
{
    WITH_ARGUMENTS(REAL(vswprintf)(to, room, format, arguments));
    tell_wide(to, length, HERE);
    return length;
}
