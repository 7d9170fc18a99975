/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hang that is certain: no thread of the recorded processes will ever go on. That is so if each
 * of them is blocked, without a time limit, in a system call that only one of these same threads
 * could end:
 *
 *     futex           in memory that nobody else has, or has by fork: all locks, conditions,
 * semaphores, barriers, joins and onces, of C, C++ and OpenMP read, write ... on a pipe, a pair of
 * sockets or an eventfd of which nobody else has an end wait4, waitid   as all their living
 * children are among them
 *
 * and if no signal can come that a handler would take, nobody traces or freezes them, and none of
 * their children is unrecorded. Timers need not be looked for: they come as signals, by descriptors
 * or by threads of their own, and each of these is a doubt. So is whatever /proc does not show.
 */
#ifndef SN_CLI_STANDSTILL_H
#define SN_CLI_STANDSTILL_H

#include "analyzer/analysis.h"
#include "base/arena.h"
#include "cli/tasks.h"

/* TASKS are as they were looked at just now. Whether they still are, the caller has to look again
 * afterwards: only if none of them has run meanwhile was all this so at one moment. */
bool sn_is_standstill(const struct sn_tasks *tasks, const struct sn_control *control);

/* Of such a standstill: who holds the other ends of what is waited at. */
struct sn_ends {
    VEC(struct an_open_end) of; /* texts in the arena */
};
void sn_standstill_ends(const struct sn_tasks *tasks, struct sn_arena *arena, struct sn_ends *ends);

#endif
