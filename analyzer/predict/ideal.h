/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sync-preserving ideals: Mathur, Pavlogiannis, Viswanathan, "Optimal prediction of
 * synchronization-preserving races", POPL 2021. The least cut (sync_index.h) that holds given
 * places and
 *   - is closed under thread order, fork, join, what is received, and reads-from;
 *   - of two sections of one lock, unless both are readers', holds the end of the earlier one;
 *   - holds as many posts of a semaphore as its waits take beyond its first tokens (the earliest
 *     ones: any would do, so this is sound and may miss an order).
 * Its events in trace order are a run that the program can make: each read sees what it saw.
 *
 * An ideal grows: it follows places that only go up at a cost linear in the steps that it passes.
 * Two of them are joined at a cost that does not depend on how large they are (an_closer).
 */
#ifndef SN_ANALYZER_PREDICT_IDEAL_H
#define SN_ANALYZER_PREDICT_IDEAL_H

#include "analyzer/predict/sync_index.h"

struct an_ideal_lock;

struct an_ideal {
    const struct an_sync_index *index;
    uint32_t *place;   /* the cut */
    uint32_t *passed;  /* of each thread: steps looked at */
    uint32_t *pending; /* threads with steps to look at */
    uint32_t pendings;
    uint8_t *is_pending;
    struct an_ideal_lock *locks;
    uint32_t *waits; /* of each semaphore */
    uint32_t *posts; /* that they need, so far */
    uint64_t growth; /* goes up whenever the cut does in another thread than `self` */
    uint32_t self;
    bool impossible; /* it needs the end of a section that has none, or a post that there is not */
    bool unknown;    /* it holds a step whose reasons were not recorded */
};

void an_ideal_init(struct an_ideal *ideal, const struct an_sync_index *index);
void an_ideal_clear(struct an_ideal *ideal); /* the empty one again */
/* Grows to hold THREAD's PLACE. False if there is none, now and for all larger ones. */
bool an_ideal_reach(struct an_ideal *ideal, uint32_t thread, uint32_t place);
void an_ideal_release(struct an_ideal *ideal);

/* Closes a cut that is the union of closed ones and, perhaps, further places. */
struct an_closer {
    const struct an_sync_index *index;
    uint32_t *place; /* the cut: filled in by the user, closed by an_closer_close */
    uint32_t *pending;
    uint32_t *from; /* of pending threads: where they were; else 0 */
    uint32_t pendings;
};

void an_closer_init(struct an_closer *closer, const struct an_sync_index *index);
/* False if there is no such ideal. */
bool an_closer_close(struct an_closer *closer);
/* Adds a place with all that it obliges to but for locks. */
void an_closer_add(struct an_closer *closer, uint32_t thread, uint32_t place);
void an_closer_release(struct an_closer *closer);

#endif
