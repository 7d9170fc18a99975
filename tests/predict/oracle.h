/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the predictive analyses must find, by definition: relations as sets of operations before
 * each operation, patterns by trying all, other orders of a run by walking through every one. Slow,
 * for runs of at most 64 operations, and written without a look at analyzer/predict, which it
 * judges.
 *
 *     struct oracle oracle;
 *     struct oracle_races races;
 *     oracle_init(&oracle, &run);
 *     oracle_races(&oracle, ORACLE_SHB, &races);
 *     races.with[j] >> i & 1         do operations i < j race?
 *
 * A set of operations is a number with a bit for each. Those of one event (run.h) happen at once:
 * no reordering keeps one of them without the others. Where the order of the run itself is judged,
 * they come one after another.
 *
 * What the definitions of the literature leave open:
 *
 *   nested          an acquisition of a lock that its thread holds, and the release that ends it,
 *                   are no section, and exclude nobody
 *   unmatched       a release of what its thread does not hold ends no section, but tells what its
 *                   thread knows, as any does. A section that is not released lasts to the end
 *   readers         two read sections exclude nothing; a lock protects two accesses, or two
 *                   acquisitions of a pattern, if one of them holds it alone
 *   TRY             is held like any other, but is no party that waits in a deadlock
 *   SEND, RECEIVE   an order that every reordering keeps, as fork and join are
 *   PUBLISH,        happens-before only; of a reordering they ask nothing, as atomics in it read
 *   OBSERVE         what they have read. For WCP, which does not look at that, they are kept
 *   atomics         race with plain accesses only. A read of an atomic write that is no race brings
 *                   SHB no order beyond happens-before
 *   POST, WAIT      happens-before (and WCP) orders each post before each later wait. A reordering
 *                   that keeps n waits keeps the first n - initial posts; there must be so many
 */
#ifndef SN_TESTS_PREDICT_ORACLE_H
#define SN_TESTS_PREDICT_ORACLE_H

#include "analyzer/predict/run.h"

enum { ORACLE_MOST = 64, ORACLE_VARIABLES = 24, ORACLE_NONE = -1 };

typedef uint64_t oracle_set;

static inline oracle_set oracle_bit(unsigned i)
{
    return (oracle_set)1 << i;
}

struct oracle {
    const struct an_run *run;
    unsigned count;
    oracle_set event[ORACLE_MOST]; /* operations of the same event */
    oracle_set hard[ORACLE_MOST];  /* what every reordering keeps before it; and itself */
    oracle_set hb[ORACLE_MOST];    /* what happens before it; and itself */
    oracle_set held[ORACLE_MOST];  /* acquisitions of the sections in which its thread is then */
    oracle_set unmatched;          /* releases of what their thread does not hold */
    oracle_set sections;           /* acquisitions that begin one */
    int8_t match[ORACLE_MOST];     /* the release of an acquisition, and the reverse */
    int8_t writer[ORACLE_MOST];    /* of each read: the write that it reads */
};

/* RUN, which stays the caller's, must have at most ORACLE_MOST operations. */
void oracle_init(struct oracle *oracle, const struct an_run *run);

static inline struct tr_op oracle_op(const struct oracle *oracle, unsigned i)
{
    return oracle->run->ops.at[i];
}

static inline bool oracle_same_target(const struct oracle *oracle, unsigned i, unsigned j)
{
    return oracle_op(oracle, i).target == oracle_op(oracle, j).target;
}

static inline bool oracle_same_thread(const struct oracle *oracle, unsigned i, unsigned j)
{
    return oracle_op(oracle, i).thread == oracle_op(oracle, j).thread;
}

/* Two acquisitions, of which at least one excludes whoever has the lock by the other. */
static inline bool oracle_exclude(const struct oracle *oracle, unsigned a, unsigned b)
{
    return oracle_same_target(oracle, a, b) &&
           !(tr_op_shared(oracle_op(oracle, a).kind) && tr_op_shared(oracle_op(oracle, b).kind));
}

/* Two accesses of two threads that race, if nothing orders them. */
static inline bool oracle_conflict(const struct oracle *oracle, unsigned i, unsigned j)
{
    unsigned a = oracle_op(oracle, i).kind, b = oracle_op(oracle, j).kind;
    return tr_op_is_access(a) && tr_op_is_access(b) && tr_op_conflict(a, b) &&
           oracle_same_target(oracle, i, j) && !oracle_same_thread(oracle, i, j);
}

/* Is i kept before j by what the two themselves are, in every reordering? */
bool oracle_is_hard(const struct oracle *oracle, unsigned i, unsigned j);
/* Is it seen to be, by channels of atomics and by semaphores? */
bool oracle_is_soft(const struct oracle *oracle, unsigned i, unsigned j);

enum oracle_relation {
    ORACLE_HB,
    ORACLE_FASTTRACK,
    ORACLE_SHB,
    ORACLE_WCP,
    ORACLE_SYNCP,
    ORACLE_LOCKSET,
    ORACLE_RELATIONS,
};

struct oracle_races {
    oracle_set with[ORACLE_MOST]; /* of each access: the earlier ones that it races with */
};

/* FASTTRACK: plain accesses alone, and after a race what RAPID calls HBEpoch. WITH is the access
 * that it knew then; the write first. */
void oracle_races(const struct oracle *oracle, enum oracle_relation relation,
                  struct oracle_races *races);

void oracle_races_wcp(const struct oracle *oracle, struct oracle_races *races);
void oracle_races_syncp(const struct oracle *oracle, struct oracle_races *races);

/* Sets of acquisitions, each once. */
struct oracle_cycles {
    VEC(oracle_set) of;
};

void oracle_cycles_add(struct oracle_cycles *cycles, oracle_set cycle);
bool oracle_cycles_have(const struct oracle_cycles *cycles, oracle_set cycle);

/* All instances of deadlock patterns with at most LONGEST parties. */
void oracle_patterns(const struct oracle *oracle, unsigned longest, struct oracle_cycles *found);
/* The abstract pattern of an instance: each acquisition replaced by the first one like it. */
oracle_set oracle_abstract(const struct oracle *oracle, oracle_set instance);
/* Does a sync-preserving reordering reach that instance? */
bool oracle_reached(const struct oracle *oracle, oracle_set instance);

/* Walks through all reorderings of a run whose operations are an event each, as far as they can be
 * told apart: thread order, hard order, locks, tokens, and each read reads what it has read. What
 * can race, and which acquisitions can wait for each other, in any of them. False if there are more
 * than LIMIT states. */
bool oracle_search(const struct oracle *oracle, size_t limit, struct oracle_races *races,
                   struct oracle_cycles *deadlocks);

#endif
