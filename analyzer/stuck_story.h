/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells of a thread that waits in vain: for what, since when, who could have ended that, and where
 * that one is now.
 */
#ifndef SN_ANALYZER_STUCK_STORY_H
#define SN_ANALYZER_STUCK_STORY_H

#include "analyzer/compose.h"
#include "analyzer/world/waits.h"

struct an_stuck {
    struct an_thread *thread;     /* that is not there because of another wait */
    struct an_thread_list same;   /* others that wait for the same */
    struct an_thread_list behind; /* those that wait only because of these, next ones first */
};

/* Adds the finding, and blames it for all these threads. CERTAIN: the program could not go on at
 * all. */
void an_stuck_tell(const struct an_context *ctx, const struct an_stuck *stuck, bool certain);
/* The same of a thread, and all others, that wait in calls which were not recorded. */
void an_stuck_tell_unknown(const struct an_context *ctx, struct an_thread *thread);

#endif
