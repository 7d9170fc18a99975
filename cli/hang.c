/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc tells which threads have run, which costs little. Only if one has not, more is asked for:
 * what the threads wait for by their traces (trace/live.h), or by the kernel (standstill.h).
 */
#include "cli/hang.h"

#include "cli/standstill.h"
#include "trace/live.h"

static const double looks = 8; /* so many in the time that a thread must be still */
static const double shortest = 0.05;
/* For what is certain: how often is looked, and for how long nothing must have moved. Together well
 * within the 2 s that are promised. */
static const double look_apart = 0.25, stands_still = 0.9, judged_apart = 0.4;

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
    const struct sn_task *task = sn_task_of(&hang->tasks, pid, tid);
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
        const struct sn_task *task = sn_task_of(&hang->tasks, process->pid, tail->tid);
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

/* Has any thread been still for as long as was asked for, and does that hang the program? */
static bool has_hung(struct sn_hang *hang, const struct sn_control *control, double now)
{
    bool any = false;
    vec_each (struct sn_task, task, &hang->tasks.of)
        any |= now - task->since >= hang->seconds;
    if (!hang->seconds || !any)
        return false;
    struct census census = {0};
    unsigned count = sn_control_count(control);
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        if (sn_is_recorded(&process))
            count_process(hang, &process, now, &census);
    }
    return census.on_lock ||
           (census.waiting && census.for_children + census.waiting == hang->tasks.of.count);
}

/* The second look makes what was seen of one thread after the other hold for one moment. */
static bool stands(struct sn_hang *hang, const struct sn_control *control, double now)
{
    double moved = hang->tasks.moved;
    if (!hang->certain || now < hang->next_judged || now - moved < stands_still)
        return false;
    hang->next_judged = now + judged_apart;
    if (!sn_is_standstill(&hang->tasks, control))
        return false;
    sn_tasks_look(&hang->tasks, control, now, true);
    return hang->tasks.moved == moved;
}

static double apart(const struct sn_hang *hang)
{
    double wanted = hang->seconds ? hang->seconds / looks : look_apart;
    if (hang->certain && wanted > look_apart)
        wanted = look_apart;
    return wanted > shortest ? wanted : shortest;
}

enum sn_hung sn_hang_look(struct sn_hang *hang, const struct sn_control *control, double now)
{
    if (!(hang->seconds || hang->certain) || now < hang->next_look)
        return SN_GOES_ON;
    bool was_away = hang->next_look && now - hang->next_look > stands_still / 2;
    hang->next_look = now + apart(hang);
    sn_tasks_look(&hang->tasks, control, now, hang->seconds > 0);
    if (was_away && hang->certain) /* perhaps stopped, and the program with us */
        hang->not_before = now + stands_still;
    if (now >= hang->not_before && stands(hang, control, now))
        return SN_STANDS_STILL;
    return has_hung(hang, control, now) ? SN_HAS_HUNG : SN_GOES_ON;
}

void sn_hang_release(struct sn_hang *hang)
{
    sn_tasks_release(&hang->tasks);
}
