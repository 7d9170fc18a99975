/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums up the uses of a report's locking (finding/locking.h), for pass_locking.c.
 *
 * What is told apart is bounded. A place that walks through an array would have a use for each
 * distance between lock and element: of those a few are kept, the rest has a range of distances.
 * And where there are very many uses, of stacks only their innermost place counts from then on.
 */
#ifndef SN_ANALYZER_LOCKING_H
#define SN_ANALYZER_LOCKING_H

#include "analyzer/compose.h"
#include "finding/locking.h"

struct an_locking {
    struct an_context *ctx;
    struct sn_locking *to;     /* in the report */
    VEC(uint32_t) class_of;    /* index in its locks, plus one, by the object's id */
    struct sn_map classes;     /* the same by what makes locks alike: a hash */
    struct sn_map class_sizes; /* by all but the place in the block: how many there are */
    struct sn_map stacks;      /* index in its stacks, plus one, by the trace's number */
    struct sn_map variants;    /* how many uses there are that differ in distances alone */
    struct sn_map uses;        /* index, plus one, by a hash of all */
    struct sn_map variables;   /* index, plus one, by what makes variables alike */
    struct sn_map origins;     /* stacks of acquisitions, by thread and object */
};

/* What happened: to be summed up. */
struct an_use {
    enum sn_use_kind kind;
    uint64_t address; /* accesses */
    uint64_t size;
    const struct an_held *lock; /* acquire, release: that is taken, or was given back; else NULL */
    const struct an_thread *thread;
    uint32_t stack;
};

/* The use that this is one of, with its `count` raised; valid until the next one is added. */
struct sn_use *an_locking_use(struct an_locking *locking, const struct an_use *use);
/* THREAD took LOCK. To be told of all but a wait for a condition, in which it is given back and
 * taken again: then it counts as taken where it was taken first. */
void an_locking_took(struct an_locking *locking, const struct an_thread *thread,
                     const struct an_held *lock);
/* THREAD gave it back. */
void an_locking_gave(struct an_locking *locking, const struct an_thread *thread,
                     const struct an_object *lock);
void an_locking_release(struct an_locking *locking);

#endif
