/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did something to an object lately, and where: signalled a condition, posted a semaphore, took
 * a mutex, wrote into a channel. The latest few threads, each with its latest time: enough to say
 * who could have ended a wait.
 */
#ifndef SN_ANALYZER_WORLD_DOERS_H
#define SN_ANALYZER_WORLD_DOERS_H

#include "analyzer/world/threads.h"

enum { AN_DOERS = 3 };

struct an_doer {
    struct an_thread *thread; /* NULL: no more of them */
    uint64_t index;           /* of the event */
    uint32_t stack;
};

struct an_doers {
    struct an_doer of[AN_DOERS]; /* the latest first */
};

void an_doers_note(struct an_doers *doers, struct an_thread *thread, const struct tr_event *ev);

#endif
