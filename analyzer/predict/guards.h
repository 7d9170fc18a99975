/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of locks, each kept once, so that a number stands for it: equal numbers, equal sets. Number
 * 0 is the empty set. A set says of each lock whether it is held exclusively or for reading only.
 */
#ifndef SN_ANALYZER_PREDICT_GUARDS_H
#define SN_ANALYZER_PREDICT_GUARDS_H

#include "analyzer/predict/held.h"
#include "base/map.h"
#include "trace/op.h"

struct an_guard {
    size_t start; /* of its members, ascending: LOCK << 1 | exclusive */
    uint32_t count;
    uint32_t next;   /* with the same hash; 0 ends */
    uint64_t filter; /* one bit for each lock; sets without a common bit have no common lock */
};

struct an_guards { /* init makes the empty set */
    VEC(struct an_guard) of;
    VEC(uint32_t) members;
    VEC(uint32_t) buckets; /* the first set of each hash; a power of two */
    struct sn_map
        common; /* of two sets, and whether exclusive: the number of what both have, plus 1 */
};

void an_guards_init(struct an_guards *sets);
void an_guards_release(struct an_guards *sets);
/* The number of the set of what is HELD. */
uint32_t an_guards_held(struct an_guards *sets, const struct an_held_locks *held);
/* Is there a lock in both of which at least one holds it exclusively? */
bool an_guards_protect(const struct an_guards *sets, uint32_t a, uint32_t b);
/* The locks that are in A and B; of B only what is held exclusively, if EXCLUSIVE. All of the
 * result count as exclusive. */
uint32_t an_guards_common(struct an_guards *sets, uint32_t a, uint32_t b, bool exclusive);
/* The set SET with one more MEMBER, of a greater number than all of it. */
uint32_t an_guards_with(struct an_guards *sets, uint32_t set, uint32_t member);
/* The members of SET; valid until the next new set. */
static inline const uint32_t *an_guards_members(const struct an_guards *sets, uint32_t set)
{
    return &sets->members.at[sets->of.at[set].start];
}
static inline uint32_t an_guards_count(const struct an_guards *sets, uint32_t set)
{
    return sets->of.at[set].count;
}

/* What one thread holds, and the number of that set. */
struct an_guarded { /* all zero: nothing */
    struct an_held_locks held;
    uint32_t set;
    bool changed; /* SET is not that of HELD any more */
};

/* Follows an operation on a lock; others mean nothing. */
void an_guarded_op(struct an_guarded *guarded, struct tr_op op);
uint32_t an_guarded_set(struct an_guarded *guarded, struct an_guards *sets);

#endif
