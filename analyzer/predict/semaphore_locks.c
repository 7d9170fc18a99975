/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/semaphore_locks.h"

static void take(struct an_semaphore_locks *locks, struct an_semaphore_use *use, uint32_t thread)
{
    vec_cover(&locks->held, thread);
    locks->held.at[thread]++;
    use->holder = thread + 1;
}

static void give_back(struct an_semaphore_locks *locks, struct an_semaphore_use *use)
{
    if (use->holder)
        locks->held.at[use->holder - 1]--;
    use->holder = 0;
}

void an_semaphore_locks_use(struct an_semaphore_locks *locks, uint32_t semaphore, uint32_t thread,
                            bool post)
{
    vec_cover(&locks->of, semaphore);
    struct an_semaphore_use *use = &locks->of.at[semaphore];
    if (use->otherwise)
        return;
    if (use->holder != (post ? thread + 1 : 0))
        an_semaphore_locks_exclude(locks, semaphore);
    else if (post)
        give_back(locks, use);
    else
        take(locks, use, thread);
    use->used = true;
}

void an_semaphore_locks_exclude(struct an_semaphore_locks *locks, uint32_t semaphore)
{
    vec_cover(&locks->of, semaphore);
    struct an_semaphore_use *use = &locks->of.at[semaphore];
    give_back(locks, use);
    use->otherwise = true;
}

bool an_semaphore_locks_has(const struct an_semaphore_locks *locks, uint32_t semaphore)
{
    return semaphore < locks->of.count && locks->of.at[semaphore].used &&
           !locks->of.at[semaphore].otherwise;
}

uint32_t an_semaphore_locks_held(const struct an_semaphore_locks *locks, uint32_t thread)
{
    return thread < locks->held.count ? locks->held.at[thread] : 0;
}

void an_semaphore_locks_release(struct an_semaphore_locks *locks)
{
    vec_release(&locks->of);
    vec_release(&locks->held);
}
