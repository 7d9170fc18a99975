/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reordering must keep, as an index linear in the run's synchronisation: of each thread, in
 * its order, the steps that oblige whoever takes them.
 *
 *   after     this far and no further before another thread has come to a place of its own: it was
 *             forked there, joins, receives, or reads what was written there (reads-from)
 *   section   a lock is taken: of two sections of one lock in a reordering that keeps the order of
 *             the trace, the earlier one must have ended
 *   wait      a token of a semaphore is taken
 *   unknown   from here on the thread may hang on what was not recorded
 *
 * A place in a thread is the number of its events up to there: 1 is the thread's beginning, to
 * which its fork obliges, 2 its first event. A *cut* says of each thread how far it has come (0:
 * not begun); the reordering is the cut's events in trace order.
 */
#ifndef SN_ANALYZER_PREDICT_SYNC_INDEX_H
#define SN_ANALYZER_PREDICT_SYNC_INDEX_H

#include "analyzer/predict/run.h"
#include "base/map.h"

enum an_step_kind { AN_STEP_AFTER, AN_STEP_SECTION, AN_STEP_WAIT, AN_STEP_UNKNOWN };

#define AN_NEVER UINT32_MAX

struct an_step {
    uint32_t place;
    uint32_t kind : 2;
    uint32_t shared : 1;  /* SECTION: a reader's */
    uint32_t target : 29; /* AFTER: the other thread; SECTION: the lock; WAIT: the semaphore */
    union {
        uint32_t after;  /* AFTER: the other thread's place */
        uint32_t number; /* SECTION: 1, 2, 3 ... among those of the lock, in trace order */
    };
    uint32_t end; /* SECTION: the place at which the lock is given back, or AN_NEVER */
};

/* A section as its lock sees it. */
struct an_section {
    uint32_t thread, place, end;
    bool shared;
};

/* The sections in which a thread is behind PLACE, until its next one of these. */
struct an_open {
    uint32_t place;
    uint32_t innermost; /* an index of `nodes`, or 0 */
};

struct an_open_node { /* never changed, shared by all later ones */
    uint32_t lock, number, end;
    uint32_t outer; /* another node, or 0 */
    bool shared;
};

struct an_index_thread {
    uint32_t places; /* it ends at this one */
    VEC(struct an_step) steps;
    VEC(struct an_open) opens;
    VEC(struct an_open_node) nodes; /* 0 is none */
};

struct an_lock_user {
    uint32_t thread;
    VEC(uint32_t) numbers; /* of its sections */
};

struct an_index_lock {
    VEC(struct an_section) sections; /* section N is at N - 1 */
    VEC(struct an_lock_user) users;
    bool readers; /* some are */
};

struct an_spot {
    uint32_t thread, place;
};

struct an_waiter {
    uint32_t thread;
    VEC(uint32_t) places; /* of its waits */
};

struct an_index_semaphore {
    uint32_t initial;
    VEC(struct an_waiter) waiters;
    VEC(struct an_spot) posts; /* in trace order */
};

struct an_sync_index {
    uint32_t threads, locks, semaphores;
    struct an_index_thread *thread;
    struct an_index_lock *lock;
    struct an_index_semaphore *semaphore;
};

void an_sync_index_build(struct an_sync_index *index, const struct an_run *run);
void an_sync_index_release(struct an_sync_index *index);

/* The first step of a thread behind PLACE. */
size_t an_steps_behind(const struct an_index_thread *thread, uint32_t place);
/* The innermost section in which a thread is at PLACE: an index of its nodes, or 0. */
uint32_t an_open_at(const struct an_index_thread *thread, uint32_t place);

/*
 * Follows the places of a run again:
 *
 *     struct an_places places;
 *     an_places_init(&places, run);
 *     for (size_t i = 0; i < run->ops.count; i++)
 *         uint32_t place = an_places_next(&places, run, i);
 */
struct an_places {
    uint32_t *at; /* of each thread */
};
void an_places_init(struct an_places *places, const struct an_run *run);
static inline uint32_t an_places_next(struct an_places *places, const struct an_run *run, size_t i)
{
    uint32_t *at = &places->at[run->ops.at[i].thread];
    return *at += !an_run_same_event(run, i);
}
void an_places_release(struct an_places *places);

#endif
