/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits of threads that hold something, where only one other thread of the whole trace ends them:
 * whoever else can give what is waited for is not known, but if that one comes to wait for the
 * thread, nobody in this run would help.
 *
 *   condition   all signals are of one thread: the first one from the wait's beginning on ends it
 *   semaphore   one thread waits, another one posts: wait K takes the token of post K - initial
 *   barrier     no more threads come to it than fill a round: each is missed if it does not come
 *
 * Waits with a time limit are none, nor is what other processes can reach. A trace is followed
 * twice: its first look notes who gives and takes, the second tells the run (run.h) of the waits.
 *
 *     an_awaits_note(&awaits, world, ev, holds)      first look, behind each event
 *     an_awaits_tell(&awaits, world, ev, run)        second look, behind the event's operations
 */
#ifndef SN_ANALYZER_PREDICT_AWAITS_H
#define SN_ANALYZER_PREDICT_AWAITS_H

#include "analyzer/predict/run.h"
#include "analyzer/world/world.h"

struct an_awaited {                  /* an object */
    uint32_t givers, takers;         /* threads that signal, post, enter; that wait */
    uint32_t last_giver, last_taker; /* plus 1 */
    bool holding;                    /* some wait is by a thread that holds something */
    VEC(uint32_t) given;             /* second look: SEND and POST operations */
    uint64_t taken;                  /* and how many waits for a token */
};

struct an_awaits_thread {
    uint64_t begun; /* its wait for a condition, at this number of operations */
    uint64_t again; /* and with this one it took the mutex again, plus 1; 0: not yet */
    bool stuck;     /* it held more than the mutex, and is not limited in time */
};

struct an_awaits {             /* all zero: nothing has happened */
    VEC(struct an_awaited) of; /* by id */
    VEC(struct an_awaits_thread) threads;
    struct sn_map known; /* givers and takers of each object */
};

/* EV's thread holds HOLDS locks. */
void an_awaits_note(struct an_awaits *awaits, const struct an_world *world,
                    const struct tr_event *ev, uint32_t holds);
/* Can there be a wait to tell of? */
bool an_awaits_any(const struct an_awaits *awaits, const struct an_world *world);
void an_awaits_tell(struct an_awaits *awaits, const struct an_world *world,
                    const struct tr_event *ev, struct an_run *run);
void an_awaits_release(struct an_awaits *awaits);

#endif
