/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barriers: how many have come in this round, and who ever came. Threads enter in the order of
 * versions, and every COUNT of them make a round; that a thread left a round may be told long after
 * the next began.
 *
 * A thread takes its version a moment before it comes. Where no more threads than COUNT use a
 * barrier that makes no difference: nobody can come to a round before the one before is full. A
 * crowded barrier has more users, and who came third by version may have made the first pair:
 * there, how many may leave is certain, but not who.
 */
#ifndef SN_ANALYZER_WORLD_BARRIERS_H
#define SN_ANALYZER_WORLD_BARRIERS_H

#include "analyzer/world/doers.h"

struct an_barrier_user {
    struct an_thread *thread;
    uint64_t times; /* that it came */
    uint64_t index; /* of the latest time, */
    uint32_t stack; /* and from where */
};

struct an_barrier {
    uint64_t entered; /* since it was made */
    uint64_t rounds;  /* filled; stays 0 where the count is not known */
    uint64_t left;    /* threads that came and left */
    struct an_doers comers;
    struct an_thread *destroying; /* who waits to destroy it, while others wait in it; or NULL */
    VEC(struct an_barrier_user) users; /* in the order of their first coming */
    struct sn_map user_of;             /* by the thread's index: its place among them, plus one */
};

/* BARRIER_ENTER, BARRIER_EXIT; REQUEST and TRY_FAIL: by who is about to destroy it, although a
 * round waits in it. */
void an_barriers_event(struct an_world *world, const struct tr_event *ev);
/* THREAD as a user of BARRIER, or NULL. */
const struct an_barrier_user *an_barrier_user(const struct an_barrier *barrier,
                                              const struct an_thread *thread);
/* How many have come in the round that is not full. */
uint64_t an_barrier_came(const struct an_object *object);
/* Do more threads use it than make a round? */
bool an_barrier_is_crowded(const struct an_object *object);
/* May one of those that wait in it leave: is it told of fewer than the full rounds let go? */
bool an_barrier_lets_go(const struct an_object *object);
/* Does THREAD wait in BARRIER for others to come? */
bool an_waits_in_barrier(const struct an_thread *thread, const struct an_object *barrier);
void an_barrier_release(struct an_barrier *barrier);

#endif
