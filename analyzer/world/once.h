/* SPDX-License-Identifier: Apache-2.0 */
/* Things done once: pthread_once, call_once, guarded statics. */
#ifndef SN_ANALYZER_WORLD_ONCE_H
#define SN_ANALYZER_WORLD_ONCE_H

#include "analyzer/world/threads.h"

struct an_once {
    struct an_thread *by; /* who runs it now, or NULL */
    uint32_t stack;       /* where that began */
    uint64_t index;
    bool done;
};

/* ONCE_BEGIN, ONCE_END, ONCE_SEEN, and REQUEST and TRY_FAIL of a once. */
void an_once_event(struct an_world *world, const struct tr_event *ev);

#endif
