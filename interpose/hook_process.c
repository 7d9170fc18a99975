/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the process. A fork child records on in a file of its own. Nothing is closed at the
 * end: what runs after our own destructor is recorded like the rest.
 */
#include "interpose/core/rec.h"

static bool end_told;

static void tell_end(enum tr_exit_cause cause, int status, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    /* A vfork child shares this memory; its end is not ours. */
    if ((uint32_t)rec_sys_getpid() == rec_header->pid &&
        !__atomic_exchange_n(&end_told, true, __ATOMIC_ACQ_REL)) {
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
    rec_stack_after_fork(false);
}

static void in_child(void)
{
    int error = errno;
    rec_stack_after_fork(true);
    end_told = false;
    rec_restart_in_child();
    errno = error;
}

__attribute__((constructor(101))) static void watch_forks(void)
{
    pthread_atfork(rec_stack_before_fork, in_parent, in_child);
}

REC_EXPORT pid_t fork(void)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return REAL(fork)();
    uint32_t stack = rec_stack(s, rec_here());
    rec_leave(s);
    pid_t child = REAL(fork)();
    if (child > 0 && (s = rec_enter())) {
        rec_emit(s, &(struct tr_event){.kind = TR_FORK, .stack = stack, .a0 = (uint64_t)child});
        rec_leave(s);
    }
    return child;
}

REC_EXPORT void exit(int status)
{
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
