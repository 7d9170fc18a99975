/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sn_is_recorded(const struct tr_control_process *process)
{
    return process->state == TR_PROCESS_RECORDING && process->path[0];
}

static bool read_file(uint32_t pid, uint32_t tid, const char *name, char *text, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%u/task/%u/%s", pid, tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* Fields 3, 14 and 15 of stat. */
static bool read_state(struct sn_task *task, uint64_t *ticks)
{
    char line[1024];
    unsigned long long user = 0, system = 0;
    if (!read_file(task->pid, task->tid, "stat", line, sizeof line))
        return false;
    const char *name_end = strrchr(line, ')');
    *ticks = 0;
    if (!name_end || sscanf(name_end + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
                            &task->state, &user, &system) != 3)
        return false;
    *ticks = user + system;
    return true;
}

static uint64_t read_switches(const struct sn_task *task)
{
    char text[4096];
    uint64_t all = 0;
    read_file(task->pid, task->tid, "status", text, sizeof text);
    for (const char *at = text; (at = strstr(at, "voluntary_ctxt_switches:"));) {
        at += sizeof "voluntary_ctxt_switches:" - 1;
        all += strtoull(at, NULL, 10);
    }
    return all;
}

/* False: it is gone. */
static bool look_at(struct sn_task *task, double now)
{
    uint64_t ticks;
    if (!read_state(task, &ticks))
        return false;
    uint64_t ran = ticks + read_switches(task);
    if (task->ran != ran || task->state == 'R')
        task->since = now;
    task->ran = ran;
    return true;
}

struct sn_task *sn_task_of(const struct sn_tasks *tasks, uint32_t pid, uint32_t tid)
{
    vec_each (struct sn_task, task, &tasks->of)
        if (task->pid == pid && task->tid == tid)
            return task;
    return NULL;
}

static void look_at_task(struct sn_tasks *tasks, uint32_t pid, uint32_t tid, double now)
{
    struct sn_task *known = sn_task_of(tasks, pid, tid);
    struct sn_task task = known ? *known : (struct sn_task){.pid = pid, .tid = tid, .since = now};
    if (!look_at(&task, now))
        return; /* it has just ended */
    task.seen = true;
    *(known ? known : vec_push(&tasks->of)) = task;
}

/* Calls LOOK for each thread of each recorded process. */
static void each_task(const struct sn_control *control,
                      void (*look)(struct sn_tasks *, uint32_t pid, uint32_t tid, double now),
                      struct sn_tasks *tasks, double now)
{
    unsigned count = sn_control_count(control);
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        char path[64];
        snprintf(path, sizeof path, "/proc/%u/task", process.pid);
        DIR *list = sn_is_recorded(&process) ? opendir(path) : NULL;
        for (struct dirent *entry; list && (entry = readdir(list));)
            if (entry->d_name[0] != '.')
                look(tasks, process.pid, (uint32_t)strtoul(entry->d_name, NULL, 10), now);
        if (list)
            closedir(list);
    }
}

/* Whoever ran at the last look comes first: of a program at work nothing more need be read. */
static bool one_runs(struct sn_tasks *tasks, double now)
{
    if (!tasks->of.count)
        return false;
    struct sn_task *latest = &tasks->of.at[0];
    vec_each (struct sn_task, task, &tasks->of)
        if (task->since > latest->since)
            latest = task;
    return look_at(latest, now) && latest->since >= now;
}

void sn_tasks_look(struct sn_tasks *tasks, const struct sn_control *control, double now, bool each)
{
    if (!each && one_runs(tasks, now)) {
        tasks->moved = now;
        return;
    }
    vec_each (struct sn_task, task, &tasks->of)
        task->seen = false;
    each_task(control, look_at_task, tasks, now);
    for (size_t i = tasks->of.count; i-- > 0;) {
        if (!tasks->of.at[i].seen) { /* whoever it was has run up to its end */
            vec_remove(&tasks->of, i);
            tasks->moved = now;
        } else if (tasks->of.at[i].since > tasks->moved) {
            tasks->moved = tasks->of.at[i].since;
        }
    }
}

void sn_tasks_release(struct sn_tasks *tasks)
{
    vec_release(&tasks->of);
}
