/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much address space a process may use, and how much of it must be in memory. The words of
 * accesses (access/filter/words.h) take much of it, and no memory: they do not count. A limit is
 * set higher by so much, and told lower; and what is locked is so as it is used, for all of the
 * words at once would be more than there is.
 */
#include "interpose/access/filter/owner.h"

#include "interpose/core/poison.h"

#define WORDS REC_WORDS_SIZE

static bool counts(int resource)
{
    return resource == RLIMIT_AS && rec_words_there();
}

static rlim_t with_words(rlim_t limit)
{
    return limit < RLIM_INFINITY - WORDS ? limit + WORDS : RLIM_INFINITY;
}

static rlim_t without_words(rlim_t limit)
{
    return limit == RLIM_INFINITY ? limit : limit < WORDS ? 0 : limit - WORDS;
}

/* LIMIT, or OURS, with the words added. */
static const struct rlimit *set(int resource, const struct rlimit *limit, struct rlimit *ours)
{
    if (!limit || !counts(resource))
        return limit;
    ours->rlim_cur = with_words(limit->rlim_cur);
    ours->rlim_max = with_words(limit->rlim_max);
    return ours;
}

static int got(int resource, int result, struct rlimit *limit)
{
    if (result == 0 && limit && counts(resource)) {
        limit->rlim_cur = without_words(limit->rlim_cur);
        limit->rlim_max = without_words(limit->rlim_max);
    }
    return result;
}

REC_EXPORT int mlockall(int flags)
{
    return REAL(mlockall)(flags && rec_words_there() ? flags | MCL_ONFAULT : flags);
}

REC_EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    struct rlimit ours;
    return REAL(setrlimit)((int)resource, set((int)resource, limit, &ours));
}

REC_EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    struct rlimit ours;
    return REAL(setrlimit)((int)resource,
                           set((int)resource, (const struct rlimit *)(const void *)limit, &ours));
}

REC_EXPORT int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    return got((int)resource, REAL(getrlimit)((int)resource, limit), limit);
}

REC_EXPORT int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit)
{
    struct rlimit *same = (struct rlimit *)(void *)limit;
    return got((int)resource, REAL(getrlimit)((int)resource, same), same);
}

/* Another process has its own words, or none. */
static int change(pid_t process, int resource, const struct rlimit *limit, struct rlimit *before)
{
    struct rlimit ours;
    if (process && process != rec_sys_getpid())
        return REAL(prlimit)(process, resource, limit, before);
    return got(resource, REAL(prlimit)(process, resource, set(resource, limit, &ours), before),
               before);
}

REC_EXPORT int prlimit(pid_t process, enum __rlimit_resource resource, const struct rlimit *limit,
                       struct rlimit *before)
{
    return change(process, (int)resource, limit, before);
}

REC_EXPORT int prlimit64(pid_t process, enum __rlimit_resource resource,
                         const struct rlimit64 *limit, struct rlimit64 *before)
{
    return change(process, (int)resource, (const struct rlimit *)(const void *)limit,
                  (struct rlimit *)(void *)before);
}
