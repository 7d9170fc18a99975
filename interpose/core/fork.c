/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fork must not find half done. Only the forking thread goes on in the child: a lock of
 * libunwind's that another one held would stay locked there, a descriptor that another one was
 * about to close would stay open. Who does such things is counted while at it; a fork waits until
 * nobody is, and keeps others out meanwhile. All waits are bounded, for a stopped thread must not
 * hang the program: then the child has what it would have had.
 *
 * A child of vfork (or of clone with CLONE_VM and CLONE_VFORK, as the C library's own posix_spawn)
 * needs no such care. It shares memory and stack with the thread that made it, which waits, and
 * what it does to memory is done as by that thread: it is recorded there. Only its end is not the
 * process's.
 */
#include "interpose/core/fork.h"

#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

enum { PATIENCE = 100000 };

static int busy;    /* threads at what must not be copied; atomic */
static int pending; /* forks going on: nobody may begin; atomic */

bool rec_fork_keep_out(void)
{
    __atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
    if (rec_likely(!__atomic_load_n(&pending, __ATOMIC_SEQ_CST)))
        return true;
    __atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
    return false;
}

bool rec_fork_keep_out_soon(void)
{
    const struct rec_stream *s = rec_own_stream();
    for (unsigned n = 0; n < PATIENCE && !s->forking; n++) {
        if (rec_fork_keep_out())
            return true;
        rec_sys_yield();
    }
    return false;
}

void rec_fork_let_in(void)
{
    __atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
}

/* A handler that forks may itself have interrupted a walk. Several threads may fork at once. */
void rec_fork_before(void)
{
    rec_shared_fork_before();
    struct rec_stream *s = rec_own_stream();
    int own = s->unwinding == REC_WALKING;
    if (s->self)
        s->forking = 1;
    __atomic_fetch_add(&pending, 1, __ATOMIC_SEQ_CST);
    for (unsigned n = 0; n < PATIENCE && __atomic_load_n(&busy, __ATOMIC_SEQ_CST) > own; n++)
        rec_sys_yield();
}

void rec_fork_after(bool child)
{
    struct rec_stream *s = rec_own_stream();
    if (s->self)
        s->forking = 0;
    if (child) {
        busy = s->unwinding == REC_WALKING;
        pending = 0;
    } else {
        __atomic_fetch_sub(&pending, 1, __ATOMIC_SEQ_CST);
    }
}

bool rec_fork_borrowed(void)
{
    return !rec_no_system && (uint32_t)rec_sys_getpid() != rec_header->pid;
}

/* A borrowing child tells of itself when it executes something or ends; what its maker then says of
 * it is no news. */
void rec_fork_tell(struct rec_stream *s, uint32_t child, uint32_t stack)
{
    static uint32_t told;
    bool known = __atomic_load_n(&told, __ATOMIC_RELAXED) == child;
    __atomic_store_n(&told, rec_fork_borrowed() ? child : 0, __ATOMIC_RELAXED);
    if (!known)
        rec_emit(s, &(struct tr_event){.kind = TR_FORK, .stack = stack, .a0 = child});
}
