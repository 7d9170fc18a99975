/* SPDX-License-Identifier: Apache-2.0 */
/* Semaphores: the value, and who posted last. */
#ifndef SN_ANALYZER_WORLD_SEMAPHORES_H
#define SN_ANALYZER_WORLD_SEMAPHORES_H

#include "analyzer/world/doers.h"

struct an_semaphore {
    int64_t value; /* as posts and waits were recorded; may pass through -1 for a moment */
    uint64_t posts, waits;
    uint32_t waiting; /* threads */
    uint32_t last_post_stack, last_post_thread;
    /* While it is used as a lock: who took its token, where; or NULL */
    struct an_thread *holder;
    uint32_t hold_stack;
    uint64_t hold_index;
    bool otherwise; /* it was not used as a lock: it has further tokens, or others gave them back */
    struct an_doers posters;
};

/* It begins with one token, and no other process can give it another. */
bool an_semaphore_may_be_lock(const struct an_object *semaphore);
/* Who holds it as a lock: it took the only token, and all posts so far were those of holders. */
struct an_thread *an_semaphore_holder(const struct an_object *semaphore);
/* SEM_WAIT, SEM_POST, and REQUEST, TRY_FAIL and OP_ERROR (a post at the limit) on a semaphore. */
void an_semaphores_event(struct an_world *world, const struct tr_event *ev);

#endif
