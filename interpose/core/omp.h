/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hooks of OpenMP share: the real function, and the keys by which a team's threads are
 * ordered.
 *
 * A team is the threads of one parallel region. Keys are few (numbers wrap), since each costs a
 * record for good; where two regions share one there is more order than need be, never less.
 */
#ifndef REC_CORE_OMP_H
#define REC_CORE_OMP_H

#include "interpose/core/order.h"

/* The real function, found from the hook's caller where the run-time is not visible to all. */
#define OMP_REAL(name)                                                                             \
    (__builtin_expect(REAL(name) != NULL, 1) ? rec_real.name                                       \
                                             : (*(void **)&rec_real.name = rec_real_near(          \
                                                    #name, (uint64_t)__builtin_return_address(0)), \
                                                rec_real.name))

enum rec_omp_key {
    REC_OMP_FORK,    /* from the thread that begins the region to its members */
    REC_OMP_JOIN,    /* from the members to what follows the region */
    REC_OMP_BARRIER, /* two in turn: a thread may be at the next one before all have left this */
    REC_OMP_BARRIER2,
    REC_OMP_TASKS,    /* from the end of tasks to who waits for them */
    REC_OMP_ORDERED,  /* from one ordered section to the next; doacross; copyprivate; depend */
    REC_OMP_CREATION, /* of tasks; by construct or task, not by team */
    REC_OMP_REDUCTION,
    REC_OMP_KEYS
};

enum { REC_OMP_TEAMS = 1 << 12 };

static inline const void *rec_omp_key(enum rec_omp_key key, uint64_t number)
{
    return rec_channel(2ull << 56 | (number % REC_OMP_TEAMS) << 8 | (uint64_t)key);
}

static inline void rec_omp_before(const void *key, uint64_t pc)
{
    rec_order_at(TR_HB_BEFORE, key, TR_BY_TEAM, pc);
}

static inline void rec_omp_after(const void *key, uint64_t pc)
{
    rec_order_at(TR_HB_AFTER, key, TR_BY_TEAM, pc);
}

#define rec_omp_place() ((uint64_t)__builtin_return_address(0))

/* A number for a new team or task. */
uint64_t rec_omp_number(void);

#endif
