/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that the C library measures, compares and searches for its caller. A search reads as far
 * as what it finds, a comparison up to and including the first difference.
 *
 * Before the real functions are known, and resolving them may be too early, loops stand in for
 * those that a library's start is likely to need. (Where a language's rules count, the C library is
 * not ready that early itself.)
 */
#include "interpose/access/ranges.h"

#include <string.h>
#include <strings.h>

#include "interpose/core/poison.h"

/* Or a loop becomes a call of the function that it stands in for. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

/* The real function, or what stands in for it. */
#define KNOWN(name) (rec_likely(rec_real.name != NULL) ? rec_real.name : early_##name)

#define LENGTH(text) REAL(strlen)(text)

static size_t early_strnlen(const char *text, size_t most)
{
    size_t n = 0;
    for (; n < most && text[n]; n++)
        KEEP_LOOP();
    return n;
}

static size_t early_strlen(const char *text)
{
    return early_strnlen(text, SIZE_MAX);
}

/* How many characters of the two are equal, up to the end, and no more than MOST. */
static size_t equal(const char *one, const char *other, size_t most)
{
    size_t n = 0;
    for (; n < most && one[n] && one[n] == other[n]; n++)
        KEEP_LOOP();
    return n;
}

/* The same for those who take upper and lower case as one. */
static size_t alike(const char *one, const char *other, size_t most)
{
    const int32_t *lower = *REAL(__ctype_tolower_loc)();
    size_t n = 0;
    while (n < most && one[n] && lower[(unsigned char)one[n]] == lower[(unsigned char)other[n]])
        n++;
    return n;
}

static int early_strncmp(const char *one, const char *other, size_t most)
{
    size_t n = equal(one, other, most);
    return n == most ? 0 : (unsigned char)one[n] - (unsigned char)other[n];
}

static int early_strcmp(const char *one, const char *other)
{
    return early_strncmp(one, other, SIZE_MAX);
}

static char *early_strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character)
            return (char *)text;
        if (!*text)
            return NULL;
        KEEP_LOOP();
    }
}

static char *early_strrchr(const char *text, int character)
{
    const char *found = NULL;
    do {
        if (*text == (char)character)
            found = text;
        KEEP_LOOP();
    } while (*text++);
    return (char *)found;
}

static char *early_strstr(const char *text, const char *what)
{
    size_t length = early_strlen(what);
    do {
        if (!early_strncmp(text, what, length))
            return (char *)text;
        KEEP_LOOP();
    } while (*text++);
    return NULL;
}

/* How many characters from the first on are in the set, or (not IN) are not. */
static size_t span(const char *text, const char *set, bool in)
{
    size_t n = 0;
    for (; text[n] && (early_strchr(set, text[n]) != NULL) == in; n++)
        KEEP_LOOP();
    return n;
}

static size_t early_strspn(const char *text, const char *set)
{
    return span(text, set, true);
}

static size_t early_strcspn(const char *text, const char *set)
{
    return span(text, set, false);
}

/* Measuring.
 * -------------------------------------------------------------------------------------------- */

REC_RANGED(size_t, strlen, (const char *text), (text))
{
    REC_UNTOLD(KNOWN(strlen)(text));
    size_t length = KNOWN(strlen)(text);
    REC_READS(text, length + 1);
    return length;
}

REC_RANGED(size_t, strnlen, (const char *text, size_t most), (text, most))
{
    REC_UNTOLD(KNOWN(strnlen)(text, most));
    size_t length = KNOWN(strnlen)(text, most);
    REC_READS(text, length < most ? length + 1 : most);
    return length;
}

/* Comparing.
 * -------------------------------------------------------------------------------------------- */

#define COMPARES(compare, one, other, most)                                                        \
    do {                                                                                           \
        size_t same = compare(one, other, most), seen = same < (most) ? same + 1 : same;           \
        REC_READS(one, seen);                                                                      \
        REC_READS(other, seen);                                                                    \
    } while (0)

REC_RANGED(int, strcmp, (const char *one, const char *other), (one, other))
{
    REC_UNTOLD(KNOWN(strcmp)(one, other));
    COMPARES(equal, one, other, SIZE_MAX);
    return KNOWN(strcmp)(one, other);
}

REC_RANGED(int, strncmp, (const char *one, const char *other, size_t most), (one, other, most))
{
    REC_UNTOLD(KNOWN(strncmp)(one, other, most));
    COMPARES(equal, one, other, most);
    return KNOWN(strncmp)(one, other, most);
}

REC_RANGED(int, strcasecmp, (const char *one, const char *other), (one, other))
{
    REC_UNTOLD(REAL(strcasecmp)(one, other));
    COMPARES(alike, one, other, SIZE_MAX);
    return REAL(strcasecmp)(one, other);
}

REC_RANGED(int, strncasecmp, (const char *one, const char *other, size_t most), (one, other, most))
{
    REC_UNTOLD(REAL(strncasecmp)(one, other, most));
    COMPARES(alike, one, other, most);
    return REAL(strncasecmp)(one, other, most);
}

/* So much at least, whatever the language's rules are. */
REC_RANGED(int, strcoll, (const char *one, const char *other), (one, other))
{
    REC_UNTOLD(REAL(strcoll)(one, other));
    COMPARES(equal, one, other, SIZE_MAX);
    return REAL(strcoll)(one, other);
}

/* Searching.
 * -------------------------------------------------------------------------------------------- */

/* Of the text, up to the LENGTH characters FOUND, or to its end; and all of WHAT. */
static void tell_search(const char *text, const char *found, const char *what, size_t length,
                        uint64_t pc, uint64_t sp)
{
    size_t seen = found ? (size_t)(found - text) + length : LENGTH(text) + 1;
    rec_access_range((uint64_t)text, seen, false, pc, sp);
    if (what)
        rec_access_range((uint64_t)what, LENGTH(what) + 1, false, pc, sp);
}

#define SEARCHES(text, found, what, length)                                                        \
    tell_search(text, found, what, length, rec_return_address(), rec_here())

REC_RANGED(char *, strchr, (const char *text, int character), (text, character))
{
    REC_UNTOLD(KNOWN(strchr)(text, character));
    char *found = KNOWN(strchr)(text, character);
    SEARCHES(text, found, NULL, 1);
    return found;
}

REC_EXPORT char *index(const char *text, int character) __attribute__((alias("strchr")));

REC_RANGED(char *, strchrnul, (const char *text, int character), (text, character))
{
    REC_UNTOLD(REAL(strchrnul)(text, character));
    char *found = REAL(strchrnul)(text, character);
    SEARCHES(text, found, NULL, 1);
    return found;
}

REC_RANGED(char *, strrchr, (const char *text, int character), (text, character))
{
    REC_UNTOLD(KNOWN(strrchr)(text, character));
    SEARCHES(text, NULL, NULL, 0);
    return KNOWN(strrchr)(text, character);
}

REC_EXPORT char *rindex(const char *text, int character) __attribute__((alias("strrchr")));

REC_RANGED(char *, strstr, (const char *text, const char *what), (text, what))
{
    REC_UNTOLD(KNOWN(strstr)(text, what));
    char *found = KNOWN(strstr)(text, what);
    SEARCHES(text, found, what, LENGTH(what));
    return found;
}

REC_RANGED(char *, strcasestr, (const char *text, const char *what), (text, what))
{
    REC_UNTOLD(REAL(strcasestr)(text, what));
    char *found = REAL(strcasestr)(text, what);
    SEARCHES(text, found, what, LENGTH(what));
    return found;
}

REC_RANGED(char *, strpbrk, (const char *text, const char *set), (text, set))
{
    REC_UNTOLD(REAL(strpbrk)(text, set));
    char *found = REAL(strpbrk)(text, set);
    SEARCHES(text, found, set, 1);
    return found;
}

REC_RANGED(size_t, strspn, (const char *text, const char *set), (text, set))
{
    REC_UNTOLD(KNOWN(strspn)(text, set));
    size_t length = REAL(strspn)(text, set);
    SEARCHES(text, text + length, set, 1);
    return length;
}

REC_RANGED(size_t, strcspn, (const char *text, const char *set), (text, set))
{
    REC_UNTOLD(KNOWN(strcspn)(text, set));
    size_t length = REAL(strcspn)(text, set);
    SEARCHES(text, text + length, set, 1);
    return length;
}
