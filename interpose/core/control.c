/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page that is shared with `snarl` (trace/control.h). Each recorder claims an entry. The first
 * ones lie in what every process has mapped, and a fork child needs nothing but that mapping; a
 * later one is backed with blocks and mapped by itself, through the file's name.
 */
#include "interpose/core/control.h"

#include "interpose/core/poison.h"

struct tr_control *rec_control;

static struct tr_control_process *entry; /* ours; NULL: there is none */
static char control_path[TR_CONTROL_PATH];

static void copy(char *to, const char *from)
{
    unsigned i = 0;
    for (; from[i] && i < TR_CONTROL_PATH - 1; i++)
        to[i] = from[i];
    to[i] = 0;
}

void rec_control_open(const char *path)
{
    int fd = path ? rec_sys_open(path, O_RDWR, 0) : -1;
    if (fd < 0)
        return;
    struct tr_control *control = rec_sys_map(TR_CONTROL_OFFSET(TR_CONTROL_BACKED),
                                             PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    rec_sys_close(fd);
    if (!control || control->magic != TR_CONTROL_MAGIC)
        return;
    rec_control = control;
    copy(control_path, path);
}

/* An entry behind those that are mapped, or NULL. */
static struct tr_control_process *map_entry(uint32_t n)
{
    const uint64_t offset = TR_CONTROL_OFFSET((uint64_t)n), start = offset & ~4095ull;
    const uint64_t size = ((offset + sizeof *entry + 4095) & ~4095ull) - start;
    int fd = rec_sys_open(control_path, O_RDWR, 0);
    if (fd < 0)
        return NULL;
    char *pages = rec_chunk_back(fd, start, size)
                      ? NULL
                      : rec_sys_map(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
    rec_sys_close(fd);
    return pages ? (struct tr_control_process *)(pages + (offset - start)) : NULL;
}

/* Somebody's next entry, or NULL. */
static struct tr_control_process *claim(void)
{
    struct tr_control_process *next = NULL;
    uint32_t n = __atomic_fetch_add(&rec_control->processes, 1, __ATOMIC_SEQ_CST);
    if (n < TR_CONTROL_BACKED)
        next = &rec_control->process[n];
    else if (n < TR_CONTROL_PROCESSES)
        next = map_entry(n);
    if (next) {
        next->pid = (uint32_t)rec_sys_getpid();
        next->parent = (uint32_t)rec_sys_getppid();
    }
    return next;
}

void rec_control_attach(void)
{
    entry = NULL;
    if (!rec_control)
        return;
    entry = claim();
    if (entry)
        __atomic_store_n(&entry->state, TR_PROCESS_CLAIMED, __ATOMIC_RELEASE);
    __atomic_fetch_add(&rec_control->attached, 1, __ATOMIC_SEQ_CST);
}

void rec_control_tell(enum tr_process_state state, const char *path, int error)
{
    if (!entry)
        return;
    if (path)
        copy(entry->path, path);
    entry->error = (uint32_t)error;
    __atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
}

void rec_control_unable(const char *path)
{
    struct tr_control_process *other = rec_control ? claim() : NULL;
    if (!other)
        return;
    copy(other->path, path);
    __atomic_store_n(&other->state, TR_PROCESS_UNABLE, __ATOMIC_RELEASE);
}

void rec_control_forget(void)
{
    entry = NULL;
}
