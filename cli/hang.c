/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc tells which threads have run, which costs little. Only if one has not, the traces are asked
 * what their threads wait for (trace/live.h).
 */
#include "cli/hang.h"

#include "trace/live.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double looks = 8; /* so many in the time that a thread must be still */
static const double shortest = 0.05;

/* The numbers behind the name in /proc/PID/task/TID/stat: the state, then from the fourth field
 * on. */
static bool read_times(const char *directory, char *state, uint64_t *ticks)
{
    char path[160], line[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "%s/stat", directory);
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(line, 1, sizeof line - 1, file) : 0;
    if (file)
        fclose(file);
    line[n] = 0;
    const char *name_end = strrchr(line, ')');
    bool good =
        name_end && sscanf(name_end + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
                           state, &user, &system) == 3;
    *ticks = user + system;
    return good;
}

static uint64_t read_switches(const char *directory)
{
    char path[160], line[256];
    uint64_t all = 0;
    unsigned long long count;
    snprintf(path, sizeof path, "%s/status", directory);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "voluntary_ctxt_switches: %llu", &count) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %llu", &count) == 1)
            all += count;
    if (file)
        fclose(file);
    return all;
}

static struct sn_task *task_of(struct sn_hang *hang, uint32_t pid, uint32_t tid)
{
    vec_each (struct sn_task, task, &hang->tasks)
        if (task->pid == pid && task->tid == tid)
            return task;
    return NULL;
}

static void look_at_task(struct sn_hang *hang, uint32_t pid, uint32_t tid, double now)
{
    char directory[64], state = 'R';
    uint64_t ticks = 0;
    snprintf(directory, sizeof directory, "/proc/%u/task/%u", pid, tid);
    if (!read_times(directory, &state, &ticks))
        return; /* it has just ended */
    struct sn_task *task = task_of(hang, pid, tid);
    uint64_t ran = ticks + read_switches(directory);
    if (!task) {
        task = vec_push(&hang->tasks);
        *task = (struct sn_task){.pid = pid, .tid = tid, .ran = ran, .since = now};
    }
    if (task->ran != ran || state == 'R')
        task->since = now;
    task->ran = ran;
    task->running = state == 'R';
    task->seen = true;
}

static void look_at_process(struct sn_hang *hang, uint32_t pid, double now)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.')
            look_at_task(hang, pid, (uint32_t)strtoul(entry->d_name, NULL, 10), now);
    if (tasks)
        closedir(tasks);
}

static bool is_recorded(const struct tr_control_process *process)
{
    return process->state == TR_PROCESS_RECORDING && process->path[0];
}

/* Returns whether any thread is still. */
static bool look_at_all(struct sn_hang *hang, const struct sn_control *control, double now)
{
    vec_each (struct sn_task, task, &hang->tasks)
        task->seen = false;
    unsigned count = sn_control_count(control);
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        if (is_recorded(&process))
            look_at_process(hang, process.pid, now);
    }
    bool any = false;
    for (size_t i = hang->tasks.count; i-- > 0;) {
        if (!hang->tasks.at[i].seen)
            vec_remove(&hang->tasks, i);
        else
            any |= now - hang->tasks.at[i].since >= hang->seconds;
    }
    return any;
}

enum waiting { FOR_ANYTHING, FOR_A_THREAD, FOR_A_CHILD };

static enum waiting what_for(const struct tr_tail *tail)
{
    switch (tail->kind) {
    case TR_REQUEST:
    case TR_COND_WAIT:
    case TR_JOIN_REQUEST:
    case TR_BARRIER_ENTER:
        return tail->mode & TR_LOCK_TIMED ? FOR_ANYTHING : FOR_A_THREAD;
    case TR_RELEASE: /* a condition's mutex, at the beginning of a wait */
        return tail->mode & TR_LOCK_IN_WAIT && !(tail->mode & TR_LOCK_TIMED) ? FOR_A_THREAD
                                                                             : FOR_ANYTHING;
    case TR_BLOCK_BEGIN:
        return (tail->mode & (TR_BLOCK_TIMED - 1)) == TR_BLOCK_CHILD &&
                       !(tail->mode & TR_BLOCK_TIMED)
                   ? FOR_A_CHILD
                   : FOR_ANYTHING;
    default:
        return FOR_ANYTHING;
    }
}

static bool is_lock(unsigned type)
{
    return type == TR_TYPE_MUTEX || type == TR_TYPE_RWLOCK || type == TR_TYPE_SPIN ||
           type == TR_TYPE_USER;
}

struct census {
    size_t for_children, waiting; /* waiting: for each other */
    bool on_lock;                 /* one for a lock whose holder is still, or gone */
};

static bool is_still(struct sn_hang *hang, uint32_t pid, uint32_t tid, double now)
{
    const struct sn_task *task = task_of(hang, pid, tid);
    return !task || now - task->since >= hang->seconds;
}

static bool holder_is_still(struct sn_hang *hang, const struct tr_live *live, uint32_t pid,
                            const struct tr_tail *waiter, double now)
{
    vec_each (struct tr_tail, tail, &live->tails)
        if (tail->thread == waiter->a0 && waiter->a0 != waiter->thread)
            return tail->tid && is_still(hang, pid, tail->tid, now);
    return waiter->a0 == waiter->thread;
}

static void count_process(struct sn_hang *hang, const struct tr_control_process *process,
                          double now, struct census *census)
{
    struct tr_live live;
    struct sn_error err;
    if (tr_live_open(&live, process->path, &err) < 0)
        return;
    vec_each (struct tr_tail, tail, &live.tails) {
        const struct sn_task *task = task_of(hang, process->pid, tail->tid);
        if (!tail->tid || !task || now - task->since < hang->seconds)
            continue;
        enum waiting waiting = what_for(tail);
        census->for_children += waiting == FOR_A_CHILD;
        census->waiting += waiting == FOR_A_THREAD;
        census->on_lock |= waiting == FOR_A_THREAD && tail->kind == TR_REQUEST &&
                           is_lock(tr_type(tail->mode)) &&
                           holder_is_still(hang, &live, process->pid, tail, now);
    }
    tr_live_close(&live);
}

bool sn_hang_look(struct sn_hang *hang, const struct sn_control *control, double now)
{
    if (!hang->seconds || now < hang->next_look)
        return false;
    hang->next_look = now + (hang->seconds / looks > shortest ? hang->seconds / looks : shortest);
    if (!look_at_all(hang, control, now))
        return false;
    struct census census = {0};
    unsigned count = sn_control_count(control);
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        if (is_recorded(&process))
            count_process(hang, &process, now, &census);
    }
    return census.on_lock ||
           (census.waiting && census.for_children + census.waiting == hang->tasks.count);
}

void sn_hang_release(struct sn_hang *hang)
{
    vec_release(&hang->tasks);
}
