/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers that read again. Where a reader-writer lock lets writers go first
 * (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), a thread that holds it for reading and asks for
 * it once more waits behind a writer that came in between, and the writer waits for the thread's
 * first hold. Both need to be possible at one time: no lock that keeps them apart, no order by
 * create, join and the like.
 */
#ifndef SN_ANALYZER_REREADS_H
#define SN_ANALYZER_REREADS_H

#include "analyzer/lock_order.h"

struct an_reread {
    struct an_node *node; /* the second request */
    struct an_held held;  /* the first one */
};

struct an_rereads { /* all zero but for ORDER: none */
    struct an_lock_order *order;
    VEC(struct an_reread) readers;
    VEC(struct an_node *) writers;
    struct sn_map by_key; /* lock, thread and way: number of the one above, plus 1 */
};

/* EV, the current event, is an ACQUIRE that was no try. */
void an_rereads_taken(struct an_rereads *rereads, const struct tr_event *ev);
/* Calls TELL for one pair of each lock. */
void an_rereads_tell(struct an_rereads *rereads,
                     void (*tell)(void *, const struct an_reread *reader,
                                  const struct an_node *writer),
                     void *data);
void an_rereads_release(struct an_rereads *rereads);

#endif
