/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch for programs that hang, from outside. There are two, and either may be off.
 *
 * One finds what is certain to last for ever (standstill.h), within 2 s of the last movement.
 *
 * The other goes by time: a thread is still if it has not run for so many seconds, and the program
 * hangs if
 *   - all threads of all recorded processes are still, and each waits without a time limit for what
 *     only another thread can give (a lock, a condition, a semaphore, a barrier, the end of a
 *     thread), or for a child process; not all of them for that;
 *   - or a thread is still that waits so for a lock whose holder is still, whatever that waits for,
 *     or has ended.
 * A server without work is none to either: some thread of it waits for the world outside.
 */
#ifndef SN_CLI_HANG_H
#define SN_CLI_HANG_H

#include "cli/tasks.h"

enum sn_hung {
    SN_GOES_ON,
    SN_HAS_HUNG,     /* for as long as was asked for */
    SN_STANDS_STILL, /* for ever */
};

struct sn_hang {
    double seconds;     /* 0: nobody asked */
    bool certain;       /* look for what is certain */
    double next_look;   /* not earlier */
    double next_judged; /* the same for all that a verdict needs */
    double not_before;  /* nobody knows how long the threads were really still */
    struct sn_tasks tasks;
};

/* Looks, if it is time. */
enum sn_hung sn_hang_look(struct sn_hang *hang, const struct sn_control *control, double now);
void sn_hang_release(struct sn_hang *hang);

#endif
