/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Condition variables: who waits, with which mutex, and how often they were signalled.
 *
 * A thread that is woken has to wait for its mutex, unseen, inside the same call. Where it is sure
 * that it is woken, it waits for the mutex from then on: who signals holds the mutex, so that all
 * that wait had begun to, and signals all of them, or the only one.
 */
#ifndef SN_ANALYZER_WORLD_CONDITIONS_H
#define SN_ANALYZER_WORLD_CONDITIONS_H

#include "analyzer/world/doers.h"

struct an_condition {
    uint64_t mutex;                    /* address of the one waited with last */
    struct an_thread **waiters;        /* in the world's arena */
    uint32_t waiting, room;            /* threads, and for how many there is room */
    uint32_t woken;                    /* of those, how many a signal may have woken by now */
    uint64_t signals, signals_unheard; /* unheard: nobody waited */
    uint64_t last_signal;              /* index of the event, 0: none */
    uint64_t last_unheard;             /* the same, of those that found no waiter */
    uint32_t last_signal_stack, last_signal_thread;
    struct an_doers signallers;
};

/* How many threads wait that no signal has woken. */
uint32_t an_condition_blocks(const struct an_object *object);
/* COND_WAIT, COND_WAKE, COND_SIGNAL. */
void an_conditions_event(struct an_world *world, const struct tr_event *ev);

#endif
