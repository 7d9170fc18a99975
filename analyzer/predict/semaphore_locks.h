/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semaphores that are used as locks. One that begins with a single token, and of which each thread
 * that has taken that token gives it back itself, before anybody else waits or posts, is a mutex in
 * all but name: between wait and post nobody else gets on. All orders in which it is one are right
 * for the semaphore as well, since no wait of theirs finds it empty.
 *
 *     struct an_semaphore_locks locks = {0};
 *     ... an_semaphore_locks_use(&locks, semaphore, thread, post) for each wait and post ...
 *     if (an_semaphore_locks_has(&locks, semaphore))
 *         it was a lock all along, as far as the run has gone
 *
 * Whether it began with one token, and belongs to one process alone, is for the caller to know.
 */
#ifndef SN_ANALYZER_PREDICT_SEMAPHORE_LOCKS_H
#define SN_ANALYZER_PREDICT_SEMAPHORE_LOCKS_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct an_semaphore_use {
    uint32_t holder; /* thread plus 1; 0: the token is there */
    bool used;
    bool otherwise; /* as no lock is */
};

struct an_semaphore_locks { /* all zero: none was used */
    VEC(struct an_semaphore_use) of;
    VEC(uint32_t) held; /* how many each thread holds */
};

/* THREAD has taken a token of SEMAPHORE, or gives one: POST. */
void an_semaphore_locks_use(struct an_semaphore_locks *locks, uint32_t semaphore, uint32_t thread,
                            bool post);
/* SEMAPHORE is no lock, whatever its use. */
void an_semaphore_locks_exclude(struct an_semaphore_locks *locks, uint32_t semaphore);
/* Was it used, and as a lock only? */
bool an_semaphore_locks_has(const struct an_semaphore_locks *locks, uint32_t semaphore);
/* How many of those that are locks so far THREAD holds. */
uint32_t an_semaphore_locks_held(const struct an_semaphore_locks *locks, uint32_t thread);
void an_semaphore_locks_release(struct an_semaphore_locks *locks);

#endif
