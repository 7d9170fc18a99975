/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the process. A fork child records on in a file of its own. Nothing is closed at the
 * end: what runs after our own destructor is recorded like the rest.
 */
#include "interpose/core/fork.h"
#include "interpose/core/shared.h"
#include "interpose/pthread_calls.h"

static bool end_told;

static void tell_end(enum tr_exit_cause cause, int status, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    if (rec_fork_borrowed()) {
        rec_fork_tell(s, (uint32_t)rec_sys_getpid(), cfa ? rec_stack(s, cfa) : 0);
    } else if (!__atomic_exchange_n(&end_told, true, __ATOMIC_ACQ_REL)) {
        rec_stamp(s);
        rec_emit(s, &(struct tr_event){.kind = TR_EXIT,
                                       .mode = cause,
                                       .stack = cfa ? rec_stack(s, cfa) : 0,
                                       .a0 = (uint64_t)(unsigned)status});
        rec_measure_clock();
        rec_header->state = TR_STATE_ENDED;
    }
    rec_leave(s);
}

/*
 * The C library calls these around every fork, also around its own (daemon, forkpty). Ours are
 * registered first: in the child they come before the program's, so that what those unlock is
 * recorded there.
 */
static void in_parent(void)
{
    rec_fork_after(false);
}

void rec_fork_in_child(void)
{
    int error = errno;
    rec_fork_after(true);
    end_told = false;
    rec_restart_in_child();
    errno = error;
}

__attribute__((constructor(101))) void rec_watch_forks(void)
{
    static bool watching;
    if (watching)
        return;
    watching = true;
    pthread_atfork(rec_fork_before, in_parent, rec_fork_in_child);
}

static void tell_fork(pid_t child, uint32_t stack)
{
    struct rec_stream *s = child > 0 ? rec_enter() : NULL;
    if (!s)
        return;
    rec_emit(s, &(struct tr_event){.kind = TR_FORK, .stack = stack, .a0 = (uint64_t)child});
    rec_leave(s);
}

/* The stack of a fork that is about to be. */
static uint32_t forks(struct rec_stream *s, uint64_t cfa)
{
    if (rec_shares_data())
        rec_before_processes(s, cfa);
    return rec_stack(s, cfa);
}

REC_EXPORT pid_t fork(void)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return REAL(fork)();
    uint32_t stack = forks(s, rec_here());
    rec_leave(s);
    pid_t child = REAL(fork)();
    tell_fork(child, stack);
    return child;
}

/* The C library calls no handlers here. */
REC_EXPORT pid_t _Fork(void)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return REAL(_Fork)();
    uint32_t stack = forks(s, rec_here());
    rec_leave(s);
    rec_fork_before();
    pid_t child = REAL(_Fork)();
    if (child == 0)
        rec_fork_in_child();
    else
        rec_fork_after(false);
    tell_fork(child, stack);
    return child;
}

REC_EXPORT void exit(int status)
{
    rec_exit_begins(rec_here());
    tell_end(TR_EXIT_CALL, status, rec_here());
    REAL(exit)(status);
    __builtin_unreachable();
}

REC_EXPORT void _exit(int status)
{
    tell_end(TR_EXIT_QUICK, status, rec_here());
    REAL(_exit)(status);
    __builtin_unreachable();
}

REC_EXPORT void _Exit(int status)
{
    tell_end(TR_EXIT_QUICK, status, rec_here());
    REAL(_Exit)(status);
    __builtin_unreachable();
}

REC_EXPORT void quick_exit(int status)
{
    rec_exit_begins(rec_here());
    tell_end(TR_EXIT_QUICK, status, rec_here());
    REAL(quick_exit)(status);
    __builtin_unreachable();
}

REC_EXPORT void abort(void)
{
    tell_end(TR_EXIT_ABORT, 0, rec_here());
    REAL(abort)();
    __builtin_unreachable();
}

/* main returned: the C library called exit inside itself. */
__attribute__((destructor)) static void process_ends(void)
{
    tell_end(TR_EXIT_RETURN, 0, 0);
}
