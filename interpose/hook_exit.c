/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is registered for the end of the process: whoever registers a handler does that before it
 * runs, also when another thread ends the process. A thread that calls exit is told of all there
 * (hook_process.c). The main thread may return instead, which no hook sees; so a handler of ours is
 * put behind each one that another thread registers, and runs right before it.
 *
 * The handlers themselves are the program's, unchanged: dlclose must find them by their library.
 */
#include "interpose/core/order.h"
#include "interpose/pthread_calls.h"

static const char everything; /* its address is the key */

void rec_exit_begins(uint64_t cfa)
{
    rec_after(&everything, TR_BY_EXIT, cfa);
}

static void ours(void *unused)
{
    (void)unused;
    rec_exit_begins(rec_here());
}

static bool by_another_thread(void)
{
    const struct rec_stream *s = rec_self;
    return rec_live.on && s->self && s->thread != 0;
}

REC_EXPORT int __cxa_atexit(void (*handler)(void *), void *argument, void *library)
{
    rec_before(&everything, TR_BY_EXIT, rec_here());
    int error = REAL(__cxa_atexit)(handler, argument, library);
    if (!error && by_another_thread())
        rec_real.__cxa_atexit(ours, NULL, NULL);
    return error;
}

REC_EXPORT int on_exit(void (*handler)(int, void *), void *argument)
{
    rec_before(&everything, TR_BY_EXIT, rec_here());
    int error = REAL(on_exit)(handler, argument);
    if (!error && by_another_thread())
        REAL(__cxa_atexit)(ours, NULL, NULL);
    return error;
}

REC_EXPORT int __cxa_at_quick_exit(void (*handler)(void *), void *library)
{
    rec_before(&everything, TR_BY_EXIT, rec_here());
    return REAL(__cxa_at_quick_exit)(handler, library);
}
