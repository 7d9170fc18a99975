/* SPDX-License-Identifier: Apache-2.0 */
/* Semaphores: the value, and who posted last. */
#ifndef SN_ANALYZER_WORLD_SEMAPHORES_H
#define SN_ANALYZER_WORLD_SEMAPHORES_H

#include "analyzer/world/threads.h"

struct an_semaphore {
    int64_t value; /* as posts and waits were recorded; may pass through -1 for a moment */
    uint64_t posts, waits;
    uint32_t last_post_stack, last_post_thread;
};

/* It begins with one token, and no other process can give it another. */
bool an_semaphore_may_be_lock(const struct an_object *semaphore);
/* SEM_WAIT, SEM_POST, and REQUEST and TRY_FAIL on a semaphore. */
void an_semaphores_event(struct an_world *world, const struct tr_event *ev);

#endif
