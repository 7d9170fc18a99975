/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What costs least and mostly decides comes first: of a server at rest, the system call of one
 * thread.
 */
#define _GNU_SOURCE
#include "cli/standstill.h"

#include "base/text.h"
#include "cli/channels.h"
#include "cli/process_list.h"

#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

struct standstill {
    struct sn_members members;
    struct sn_channels wanted; /* what threads wait for: both ends, where there are two */
};

/* Threads.
 * ------------------------------------------------------------------------------------------------
 */

struct call {
    long number;
    uint64_t arguments[6];
};

static bool read_call(const struct sn_task *task, struct call *call)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%u/task/%u/syscall", task->pid, task->tid);
    FILE *file = fopen(path, "re");
    uint64_t *a = call->arguments;
    bool good = file && fscanf(file, "%ld %lx %lx %lx %lx %lx %lx", &call->number, &a[0], &a[1],
                               &a[2], &a[3], &a[4], &a[5]) == 7;
    if (file)
        fclose(file);
    return good;
}

/* A frozen thread looks blocked, too, even if it was just about to go on. */
static bool is_frozen(const struct sn_task *task)
{
    char path[96], place[128] = "";
    snprintf(path, sizeof path, "/proc/%u/task/%u/wchan", task->pid, task->tid);
    FILE *file = fopen(path, "re");
    if (file && !fgets(place, sizeof place, file))
        place[0] = 0;
    if (file)
        fclose(file);
    return strstr(place, "freez") || strstr(place, "refrigerator");
}

/* Memory at ADDRESS that no other process has; or only those that were forked from whoever mapped
 * it, which are among those that are looked at. */
static bool is_inside(uint32_t pid, uint64_t address)
{
    char path[64], *line = NULL, access[8];
    size_t room = 0;
    unsigned long low, high;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *maps = fopen(path, "re");
    while (maps && !found && getline(&line, &room, maps) > 0)
        found = sscanf(line, "%lx-%lx %7s", &low, &high, access) == 3 && address >= low &&
                address < high && (access[3] == 'p' || strstr(line, " /dev/zero (deleted)"));
    free(line);
    if (maps)
        fclose(maps);
    return found;
}

static bool is_own_futex(uint32_t pid, const struct call *call)
{
    switch (call->arguments[1] & (unsigned)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
        return !call->arguments[3] &&
               (call->arguments[1] & FUTEX_PRIVATE_FLAG || is_inside(pid, call->arguments[0]));
    default:
        return false;
    }
}

static bool wants(struct standstill *still, uint32_t pid, uint64_t descriptor)
{
    struct sn_channel channel, peer;
    if (!sn_channel_find(pid, (unsigned)descriptor, &channel))
        return false;
    *vec_push(&still->wanted.of) = channel;
    if (channel.kind != SN_CHANNEL_SOCKET)
        return true;
    if (!sn_channel_peer(&channel, &peer) || sn_channel_is_timed(pid, (unsigned)descriptor))
        return false;
    *vec_push(&still->wanted.of) = peer;
    return true;
}

enum transfer { NO_TRANSFER, TAKES, GIVES };

static enum transfer transfer_of(long call)
{
    switch (call) {
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
        return TAKES;
    case SYS_write:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
        return GIVES;
    default:
        return NO_TRANSFER;
    }
}

static bool waits_within(struct standstill *still, const struct sn_task *task)
{
    struct call call;
    if (task->state != 'S' || !read_call(task, &call) || is_frozen(task))
        return false;
    if (call.number == SYS_futex)
        return is_own_futex(task->pid, &call);
    if (transfer_of(call.number))
        return wants(still, task->pid, call.arguments[0]);
    return call.number == SYS_wait4 || call.number == SYS_waitid;
}

/* The first thread of a process may have ended before the others. */
static bool has_ended(const struct sn_task *task)
{
    return task->state == 'Z' && task->tid == task->pid;
}

static bool all_wait(struct standstill *still, const struct sn_tasks *tasks)
{
    bool any = false;
    vec_each (struct sn_task, task, &tasks->of) {
        if (has_ended(task))
            continue;
        if (!waits_within(still, task))
            return false;
        any = true;
        if (!sn_is_member(&still->members, task->pid))
            *vec_push(&still->members.of) = task->pid;
    }
    return any;
}

/* Processes.
 * ------------------------------------------------------------------------------------------------
 */

/* The C library's own: to cancel a thread, and to change ids in all; both come from within. */
static const unsigned long by_the_library = 1ul << 31 | 1ul << 32;

static bool is_left_alone(uint32_t pid)
{
    char path[64], line[256];
    unsigned long caught = ~0ul;
    unsigned tracer = 1;
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "SigCgt: %lx", &caught) != 1)
            sscanf(line, "TracerPid: %u", &tracer);
    if (file)
        fclose(file);
    return !tracer && !(caught & ~by_the_library);
}

/* The kernel may come to write by itself for these. */
static bool has_rings(uint32_t pid)
{
    char path[64], *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *maps = fopen(path, "re");
    while (maps && !found && getline(&line, &room, maps) > 0)
        found = strstr(line, " /[aio]") || strstr(line, "anon_inode:[io_uring]");
    free(line);
    if (!maps)
        return true;
    fclose(maps);
    return found;
}

/* The control page knows all that attached: whichever of them live must be members. */
static bool all_are_recorded(const struct standstill *still, const struct sn_control *control)
{
    unsigned count = sn_control_count(control);
    if (!sn_is_member(&still->members, control->page->main_pid))
        return false;
    for (unsigned i = 0; i < count; i++) {
        uint32_t pid = sn_control_entry(control, i).pid;
        if (!sn_is_member(&still->members, pid) && sn_process_lives(pid) &&
            sn_control_shared_by(control, pid))
            return false;
    }
    vec_each (uint32_t, pid, &still->members.of)
        if (!sn_control_shared_by(control, *pid))
            return false;
    return true;
}

static bool have_no_other_children(const struct sn_members *members)
{
    struct sn_process_list all = {0};
    bool none = sn_process_list_fill(&all);
    vec_each (struct sn_process_entry, process, &all.of)
        none &= process->dead || !sn_is_member(members, process->parent) ||
                sn_is_member(members, process->pid);
    vec_release(&all.of);
    return none;
}

static bool channels_are_within(const struct standstill *still, const struct sn_control *control)
{
    if (!still->wanted.of.count)
        return true;
    struct sn_channels ours = {0};
    bool known = true;
    vec_each (uint32_t, pid, &still->members.of)
        known &= sn_channels_add(&ours, *pid);
    bool within = known && !ours.others && !sn_channels_lead_outside(&ours) &&
                  sn_channels_are_within(&still->wanted, &still->members, control->page->main_pid);
    sn_channels_release(&ours);
    return within;
}

bool sn_is_standstill(const struct sn_tasks *tasks, const struct sn_control *control)
{
    struct standstill still = {0};
    bool stands = all_wait(&still, tasks);
    vec_each (uint32_t, pid, &still.members.of)
        stands = stands && is_left_alone(*pid) && !has_rings(*pid);
    stands = stands && all_are_recorded(&still, control) &&
             have_no_other_children(&still.members) && channels_are_within(&still, control);
    vec_release(&still.members.of);
    sn_channels_release(&still.wanted);
    return stands;
}

/* Ends.
 * ------------------------------------------------------------------------------------------------
 */

/* The other end of what TASK reads from or writes to; false: it does neither. */
static bool other_end(const struct sn_task *task, struct call *call, struct sn_channel *end)
{
    struct sn_channel own;
    if (!read_call(task, call) || !transfer_of(call->number) ||
        !sn_channel_find(task->pid, (unsigned)call->arguments[0], &own))
        return false;
    *end = own;
    return own.kind != SN_CHANNEL_SOCKET || sn_channel_peer(&own, end);
}

static void list_holders(const struct sn_tasks *tasks, const struct sn_task *waiter,
                         const struct sn_channel *end, bool reading, struct sn_text *text)
{
    struct sn_text descriptors = {0};
    vec_each (struct sn_task, task, &tasks->of) {
        sn_text_clear(&descriptors);
        if (task->pid != task->tid || !sn_channel_held(end, task->pid, reading, &descriptors))
            continue;
        sn_text_puts(text, text->length ? ", and by " : " Its other end is held open by ");
        if (task->pid == waiter->pid)
            sn_text_puts(text, "this process itself");
        else
            sn_text_printf(text, "process %u", task->pid);
        sn_text_printf(text, " (descriptor%s %s)", strchr(descriptors.at + 2, ',') ? "s" : "",
                       descriptors.at + 2);
    }
    if (text->length)
        sn_text_puts(text, ".");
    sn_text_release(&descriptors);
}

void sn_standstill_ends(const struct sn_tasks *tasks, struct sn_arena *arena, struct sn_ends *ends)
{
    vec_each (struct sn_task, task, &tasks->of) {
        struct call call;
        struct sn_channel end;
        struct sn_text text = {0};
        if (!other_end(task, &call, &end))
            continue;
        list_holders(tasks, task, &end, transfer_of(call.number) == GIVES, &text);
        *vec_push(&ends->of) = (struct an_open_end){
            .pid = task->pid,
            .descriptor = (unsigned)call.arguments[0],
            .text = sn_strndup(arena, text.at ? text.at : "", text.length),
        };
        sn_text_release(&text);
    }
}
