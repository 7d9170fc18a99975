/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch for programs that hang, from outside. A thread is still if it has not run for so many
 * seconds. The program hangs if
 *   - all threads of all recorded processes are still, and each waits without a time limit for what
 *     only another thread can give (a lock, a condition, a semaphore, a barrier, the end of a
 *     thread), or for a child process; not all of them for that;
 *   - or a thread is still that waits so for a lock whose holder is still, whatever that waits for,
 *     or has ended.
 * A server without work is none: some thread of it waits for the world outside.
 */
#ifndef SN_CLI_HANG_H
#define SN_CLI_HANG_H

#include "base/vec.h"
#include "cli/control.h"

struct sn_task { /* a thread of a recorded process */
    uint32_t pid, tid;
    uint64_t ran; /* its time on a processor and its switches, as one number that grows */
    double since; /* since when it has not */
    bool running, seen;
};

struct sn_hang {
    double seconds;   /* 0: no watch */
    double next_look; /* not earlier */
    VEC(struct sn_task) tasks;
};

/* Looks, if it is time; says whether the program hangs. */
bool sn_hang_look(struct sn_hang *hang, const struct sn_control *control, double now);
void sn_hang_release(struct sn_hang *hang);

#endif
