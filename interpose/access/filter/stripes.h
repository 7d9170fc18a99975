/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who changes a granule's words holds its stripe. A thread that cannot have it soon, since its
 * holder does not run, tells its access and passes by: it leaves the words as they are. The holder,
 * who has not seen that access, tells its own, too.
 */
#ifndef REC_ACCESS_FILTER_STRIPES_H
#define REC_ACCESS_FILTER_STRIPES_H

#include "interpose/access/filter/words.h"

enum {
    REC_STRIPES = 4096,
    REC_STRIPE_LINE = 64, /* bytes with one stripe */
};

struct rec_stripe {
    uint8_t held;   /* atomic */
    uint8_t passed; /* atomic: a thread may pass by, or has */
};
extern struct rec_stripe rec_stripes[REC_STRIPES];

static inline struct rec_stripe *rec_stripe_of(uint64_t address)
{
    return &rec_stripes[address / REC_STRIPE_LINE % REC_STRIPES];
}

/* A thread may hold two: WHICH one. */
static inline bool rec_stripe_lock_soon(struct rec_stripe *stripe, unsigned which)
{
    if (__atomic_exchange_n(&stripe->held, 1, __ATOMIC_ACQUIRE))
        return false;
    rec_words.held[which] = stripe;
    return true;
}

/* Whoever passes by has said so long before it finds the stripe held: no fence is needed between
 * the two lines. */
static inline void rec_stripe_unlock(unsigned which)
{
    struct rec_stripe *stripe = rec_words.held[which];
    rec_words.held[which] = 0;
    if (!stripe)
        return;
    __atomic_store_n(&stripe->held, 0, __ATOMIC_RELEASE);
    if (__builtin_expect(__atomic_load_n(&stripe->passed, __ATOMIC_RELAXED), 0)) {
        __atomic_store_n(&stripe->passed, 0, __ATOMIC_RELAXED);
        rec_words.passed = true;
    }
}

#endif
