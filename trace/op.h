/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as analyses of order see it: operations on threads, locks and variables that are known by
 * dense numbers, 8 bytes each, in trace order. RAPID's STD text gives them directly (std.h); those
 * of a recorded trace are made of its events (analyzer/predict/collect.h).
 *
 * One event may be several operations on several targets: a wide access, a lock given back by a
 * wait. Numbers of events are kept beside the operations (analyzer/predict/run.h).
 */
#ifndef SN_TRACE_OP_H
#define SN_TRACE_OP_H

#include <stdbool.h>
#include <stdint.h>

enum tr_op_kind {
    TR_OP_READ, /* target: a variable */
    TR_OP_WRITE,
    TR_OP_ACQUIRE, /* target: a lock. Nested ones may stand there as well */
    TR_OP_RELEASE,
    TR_OP_FORK, /* target: a thread */
    TR_OP_JOIN,
    TR_OP_NONE, /* takes a number, and means nothing here */

    /* What STD has no word for. */
    TR_OP_ATOMIC_READ, /* target: a variable. Never races with another atomic one */
    TR_OP_ATOMIC_WRITE,
    TR_OP_ATOMIC_UPDATE,  /* reads and writes in one */
    TR_OP_ACQUIRE_SHARED, /* a reader's */
    TR_OP_RELEASE_SHARED,
    TR_OP_TRY,        /* an acquisition by a call that does not wait, or not for ever */
    TR_OP_TRY_SHARED, /* the same of a reader */
    TR_OP_SEND,       /* target: a channel. What precedes any SEND ... */
    TR_OP_RECEIVE,    /* ... precedes what follows a later RECEIVE, in every order of the run */
    TR_OP_PUBLISH, /* the same, but by what atomics read: happens-before alone keeps it; another */
    TR_OP_OBSERVE, /* order keeps what each read has read, and needs no more */
    TR_OP_POST,    /* target: a semaphore */
    TR_OP_WAIT,    /* takes a token */
    TR_OP_UNKNOWN, /* what the thread does from here on may hang on what was not recorded */
    TR_OP_KINDS,
};

struct tr_op {
    uint32_t target;
    uint32_t thread : 24;
    uint32_t kind : 8;
};

static inline bool tr_op_is_access(unsigned kind)
{
    return kind <= TR_OP_WRITE || (kind >= TR_OP_ATOMIC_READ && kind <= TR_OP_ATOMIC_UPDATE);
}

static inline bool tr_op_is_atomic(unsigned kind)
{
    return kind >= TR_OP_ATOMIC_READ && kind <= TR_OP_ATOMIC_UPDATE;
}

static inline bool tr_op_reads(unsigned kind)
{
    return kind == TR_OP_READ || kind == TR_OP_ATOMIC_READ || kind == TR_OP_ATOMIC_UPDATE;
}

static inline bool tr_op_writes(unsigned kind)
{
    return kind == TR_OP_WRITE || kind == TR_OP_ATOMIC_WRITE || kind == TR_OP_ATOMIC_UPDATE;
}

/* Do two accesses of one variable by two threads conflict? */
static inline bool tr_op_conflict(unsigned a, unsigned b)
{
    return (tr_op_writes(a) || tr_op_writes(b)) && !(tr_op_is_atomic(a) && tr_op_is_atomic(b));
}

static inline bool tr_op_acquires(unsigned kind)
{
    return kind == TR_OP_ACQUIRE || (kind >= TR_OP_ACQUIRE_SHARED && kind <= TR_OP_TRY_SHARED &&
                                     kind != TR_OP_RELEASE_SHARED);
}

static inline bool tr_op_releases(unsigned kind)
{
    return kind == TR_OP_RELEASE || kind == TR_OP_RELEASE_SHARED;
}

static inline bool tr_op_shared(unsigned kind)
{
    return kind == TR_OP_ACQUIRE_SHARED || kind == TR_OP_RELEASE_SHARED || kind == TR_OP_TRY_SHARED;
}

#endif
