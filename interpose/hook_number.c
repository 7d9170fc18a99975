/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that the C library reads from a text: as far as the first character that is none of
 * theirs, and that one. Where the text ends it is found by asking for it. */
#define __NO_INLINE__ 1 /* stdlib.h would define some of these itself */
#include "interpose/access/ranges.h"

#include <stdlib.h>

#include "interpose/core/poison.h"

static void tell_number(const char *text, const char *behind, char **end, uint64_t pc, uint64_t sp)
{
    rec_access_range((uint64_t)text, (size_t)(behind - text) + 1, false, pc, sp);
    if (end)
        rec_access_range((uint64_t)end, sizeof *end, true, pc, sp);
}

#define READS_NUMBER(type, name, ...)                                                              \
    REC_UNTOLD(REAL(name)(text, end, ##__VA_ARGS__));                                              \
    char *behind;                                                                                  \
    type value = REAL(name)(text, &behind, ##__VA_ARGS__);                                         \
    tell_number(text, behind, end, rec_return_address(), rec_here());                              \
    if (end)                                                                                       \
        *end = behind;                                                                             \
    return value

/* With a base that there is not nothing is read, and END may be left as it is. */
#define WHOLE(type, name)                                                                          \
    REC_RANGED(type, name, (const char *restrict text, char **restrict end, int base),             \
               (text, end, base))                                                                  \
    {                                                                                              \
        if (base < 0 || base == 1 || base > 36)                                                    \
            return REAL(name)(text, end, base);                                                    \
        READS_NUMBER(type, name, base);                                                            \
    }

#define FRACTION(type, name)                                                                       \
    REC_RANGED(type, name, (const char *restrict text, char **restrict end), (text, end))          \
    {                                                                                              \
        READS_NUMBER(type, name);                                                                  \
    }

WHOLE(long, strtol)
WHOLE(unsigned long, strtoul)
WHOLE(long long, strtoll)
WHOLE(unsigned long long, strtoull)
WHOLE(intmax_t, strtoimax)
WHOLE(uintmax_t, strtoumax)
FRACTION(float, strtof)
FRACTION(double, strtod)
FRACTION(long double, strtold)

/* As the C library has them: strtol and others, and what they do to errno. */
#define SIMPLE(type, name, call)                                                                   \
    REC_RANGED(type, name, (const char *text), (text))                                             \
    {                                                                                              \
        REC_UNTOLD(REAL(name)(text));                                                              \
        char *end;                                                                                 \
        type value = (type)call;                                                                   \
        tell_number(text, end, NULL, rec_return_address(), rec_here());                            \
        return value;                                                                              \
    }

SIMPLE(int, atoi, REAL(strtol)(text, &end, 10))
SIMPLE(long, atol, REAL(strtol)(text, &end, 10))
SIMPLE(long long, atoll, REAL(strtoll)(text, &end, 10))
SIMPLE(double, atof, REAL(strtod)(text, &end))
