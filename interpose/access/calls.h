/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that instrumented code is in, as it tells on entry and exit of each function. A stack
 * made of them costs two stores a call and no unwinding.
 *
 * Exits can be missed (longjmp) and entries can be (a handler in the middle of the recorder), so
 * each call remembers the stack pointer: one that lies below the present one has been left. A
 * signal handler may interrupt anything here and enters and leaves calls of its own; each function
 * therefore stores the depth as an absolute number, last.
 */
#ifndef REC_ACCESS_CALLS_H
#define REC_ACCESS_CALLS_H

#include "interpose/core/hash.h"

#include <stdbool.h>
#include <stdint.h>

enum { REC_CALLS = 8192 };

struct rec_call {
    uint64_t pc;      /* return address of the function */
    uint64_t sp;      /* at its entry */
    uint64_t context; /* hash of the calls up to this one */
    uint64_t inside;  /* an address of the function itself */
};

struct rec_calls {
    uint32_t depth;
    uint32_t beyond;    /* calls deeper than there is room for */
    uint64_t low, high; /* the thread's own stack; elsewhere stack pointers say nothing */
    struct rec_call call[REC_CALLS];
};

static inline uint64_t rec_calls_context(const struct rec_calls *calls)
{
    return calls->depth ? calls->call[calls->depth - 1].context : 0;
}

/* Forgets the calls that have been left by other ways than their exit: those whose stack pointer is
 * below SP (or at it, if AT). */
void rec_calls_heal(struct rec_calls *calls, uint64_t sp, bool at);
void rec_calls_leave_slow(struct rec_calls *calls, uint64_t sp, uint64_t return_address);

static inline void rec_calls_enter(struct rec_calls *calls, uint64_t pc, uint64_t sp,
                                   uint64_t inside)
{
    uint32_t n = calls->depth;
    if (__builtin_expect(n && calls->call[n - 1].sp <= sp, 0)) {
        rec_calls_heal(calls, sp, true);
        n = calls->depth;
    }
    if (__builtin_expect(n == REC_CALLS, 0)) {
        calls->beyond++;
        return;
    }
    struct rec_call *call = &calls->call[n];
    uint64_t outer = n ? call[-1].context : 0;
    /* The place is taken first, and again at the end: a handler in between leaves the depth as it
     * finds it, but would not know of a call whose stack pointer is not there yet. */
    calls->depth = n + 1;
    __asm__ volatile("" ::: "memory");
    call->sp = sp;
    call->pc = pc;
    call->inside = inside;
    call->context = rec_mix(outer, pc);
    __asm__ volatile("" ::: "memory");
    calls->depth = n + 1;
}

/* SP and RETURN_ADDRESS are those of the call that says so. */
static inline void rec_calls_leave(struct rec_calls *calls, uint64_t sp, uint64_t return_address)
{
    uint32_t n = calls->depth;
    if (__builtin_expect(n && !calls->beyond && calls->call[n - 1].sp >= sp, 1))
        calls->depth = n - 1;
    else
        rec_calls_leave_slow(calls, sp, return_address);
}

#endif
