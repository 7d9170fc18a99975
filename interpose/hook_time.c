/* SPDX-License-Identifier: Apache-2.0 */
/* Times that the C library takes apart, puts together and asks for: what it reads and writes for
 * its caller. The forms that use the library's own memory are told of nowhere. */
#define __NO_INLINE__ 1
#include "interpose/access/ranges.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "interpose/core/poison.h"

#define TAKES_APART(name)                                                                          \
    REC_RANGED(struct tm *, name, (const time_t *restrict from, struct tm *restrict to),           \
               (from, to))                                                                         \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(from, to));                                                          \
        struct tm *result = REAL(name)(from, to);                                                  \
        REC_READS(from, sizeof *from);                                                             \
        if (result)                                                                                \
            REC_WRITES(to, sizeof *to);                                                            \
        return result;                                                                             \
    }

TAKES_APART(localtime_r)
TAKES_APART(gmtime_r)

#define SPELLS(name, type)                                                                         \
    REC_RANGED(char *, name, (const type *restrict from, char *restrict to), (from, to))           \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(from, to));                                                          \
        char *result = REAL(name)(from, to);                                                       \
        if (result) {                                                                              \
            REC_READS(from, sizeof *from);                                                         \
            REC_WRITES(to, REAL(strlen)(to) + 1);                                                  \
        }                                                                                          \
        return result;                                                                             \
    }

SPELLS(ctime_r, time_t)
SPELLS(asctime_r, struct tm)

REC_RANGED(size_t, strftime,
           (char *restrict to, size_t room, const char *restrict format,
            const struct tm *restrict from),
           (to, room, format, from))
{
    REC_UNTOLD(REAL(strftime)(to, room, format, from));
    size_t length = REAL(strftime)(to, room, format, from);
    if (length) {
        REC_READS(from, sizeof *from);
        REC_WRITES(to, length + 1);
    }
    return length;
}

REC_RANGED(time_t, mktime, (struct tm * time), (time))
{
    REC_UNTOLD(REAL(mktime)(time));
    REC_READS(time, sizeof *time);
    time_t result = REAL(mktime)(time);
    if (result != -1)
        REC_WRITES(time, sizeof *time);
    return result;
}

REC_RANGED(int, clock_gettime, (clockid_t clock, struct timespec *to), (clock, to))
{
    REC_UNTOLD(REAL(clock_gettime)(clock, to));
    int error = REAL(clock_gettime)(clock, to);
    if (!error)
        REC_WRITES(to, sizeof *to);
    return error;
}

REC_RANGED(int, gettimeofday, (struct timeval *restrict to, void *restrict zone), (to, zone))
{
    REC_UNTOLD(REAL(gettimeofday)(to, zone));
    int error = REAL(gettimeofday)(to, zone);
    const struct timeval *given = to;
    __asm__("" : "+r"(given)); /* NULL is allowed, though its header knows of none */
    if (!error && given)
        REC_WRITES(given, sizeof *given);
    return error;
}

REC_RANGED(time_t, time, (time_t * to), (to))
{
    REC_UNTOLD(REAL(time)(to));
    time_t now = REAL(time)(to);
    if (to)
        REC_WRITES(to, sizeof *to);
    return now;
}
