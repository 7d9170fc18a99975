/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables: who waits, with which mutex, and how often they were signalled. */
#ifndef SN_ANALYZER_WORLD_CONDITIONS_H
#define SN_ANALYZER_WORLD_CONDITIONS_H

#include "analyzer/world/threads.h"

struct an_condition {
    uint64_t mutex;                    /* address of the one waited with last */
    uint32_t waiting;                  /* threads */
    uint64_t signals, signals_unheard; /* unheard: nobody waited */
    uint64_t last_signal;              /* index of the event, 0: none */
    uint32_t last_signal_stack, last_signal_thread;
};

/* COND_WAIT, COND_WAKE, COND_SIGNAL. */
void an_conditions_event(struct an_world *world, const struct tr_event *ev);

#endif
