/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sets of locks that threads hold, by number: equal sets have one number, exactly. Also what a
 * thread holds now, nested acquisitions counted.
 */
#ifndef SN_ANALYZER_PREDICT_LOCK_SETS_H
#define SN_ANALYZER_PREDICT_LOCK_SETS_H

#include "base/map.h"
#include "base/vec.h"
#include "trace/op.h"

struct an_lock_set {
    uint32_t next; /* another one with its hash, or 0 */
    uint32_t count;
    uint32_t locks[]; /* lock << 1 | held for reading only; ascending */
};

struct an_lock_sets { /* all zero: only the empty set, 0 */
    VEC(struct an_lock_set *) all;
    struct sn_map by_hash;
};

/* The number of the set of COUNT LOCKS, ascending. */
uint32_t an_lock_sets_number(struct an_lock_sets *sets, const uint32_t *locks, uint32_t count);
/* Its content; valid until the next new set. */
const struct an_lock_set *an_lock_sets_at(const struct an_lock_sets *sets, uint32_t number);
/* Have A and B no lock in common of which one is held for writing? */
bool an_lock_sets_apart(const struct an_lock_sets *sets, uint32_t a, uint32_t b);
void an_lock_sets_release(struct an_lock_sets *sets);

struct an_lock_hold {
    uint32_t lock, depth;
    bool shared;
    uint64_t data; /* the user's */
};

/* What one thread holds. */
struct an_lock_holds {
    VEC(struct an_lock_hold) of;
    uint32_t set;
    bool set_known;
};

/* Follow an acquisition or a release. The hold that began, NULL for a nested one; whether one
 * ended, which is put into ENDED (may be NULL). */
struct an_lock_hold *an_lock_holds_take(struct an_lock_holds *holds, struct tr_op op);
bool an_lock_holds_give(struct an_lock_holds *holds, struct tr_op op, struct an_lock_hold *ended);
/* The number of the set of all that is held. */
uint32_t an_lock_holds_set(struct an_lock_holds *holds, struct an_lock_sets *sets);

#endif
