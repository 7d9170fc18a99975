/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says of a deadlock that did not happen: of a circle of parties, each of which would
 * wait for the next one.
 */
#ifndef SN_ANALYZER_DEADLOCK_STORY_H
#define SN_ANALYZER_DEADLOCK_STORY_H

#include "analyzer/compose.h"
#include "analyzer/rereads.h"

enum { AN_PARTIES_MOST = 16 };

/* It holds what the one before wants, or is waited for itself. */
struct an_party {
    const struct an_thread *thread;
    const struct an_object *holds, *wants; /* either may be NULL */
    const struct an_thread *joins;         /* or NULL */
    /* The kind of event (COND_SIGNAL, SEM_POST, BARRIER_ENTER) by which the next party ends its
     * wait at `wants`, as it did in the run; 0: it takes what it wants */
    uint8_t woken_by;
    uint32_t hold_stack, want_stack, wake_stack;
    uint64_t hold_index, want_index, wake_index;
};

/* Adds the finding, which is predicted if it is PROVED and nobody has to be woken, else possible.
 * It begins with the lowest thread number, so that every run tells it alike. */
struct sn_finding *an_deadlock_tell(const struct an_context *ctx, const struct an_party *parties,
                                    uint32_t count, bool proved);
/* A possible one of a reader that reads again, and a writer that comes in between. */
void an_deadlock_tell_reread(const struct an_context *ctx, const struct an_reread *reader,
                             const struct an_node *writer);
/* Why it is possible at most, if a party has to be woken; else NULL. */
const char *an_deadlock_reason(const struct an_context *ctx, const struct an_party *parties,
                               uint32_t count);

#endif
