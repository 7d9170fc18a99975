/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of the recorded processes, and since when each has not run, as /proc tells. A look
 * costs two small files for each thread; where one is found at work and no more is asked for, that
 * one is looked at first the next time, and the others are left alone.
 */
#ifndef SN_CLI_TASKS_H
#define SN_CLI_TASKS_H

#include "base/vec.h"
#include "cli/control.h"

struct sn_task {
    uint32_t pid, tid;
    uint64_t ran; /* its time on a processor and its switches, as one number that grows */
    double since; /* since when it has not */
    char state;   /* R, S, D, Z ... */
    bool seen;
};

struct sn_tasks {
    VEC(struct sn_task) of;
    double moved; /* when one of them ran last, as far as was looked */
};

/* Looks at all threads; or, unless EACH, at the first that has run since. */
void sn_tasks_look(struct sn_tasks *tasks, const struct sn_control *control, double now, bool each);
struct sn_task *sn_task_of(const struct sn_tasks *tasks, uint32_t pid, uint32_t tid);
void sn_tasks_release(struct sn_tasks *tasks);

bool sn_is_recorded(const struct tr_control_process *process);

#endif
