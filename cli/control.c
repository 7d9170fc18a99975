/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "cli/control.h"

#include "trace/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_in(struct sn_control *control, const char *directory)
{
    if (!directory || directory[0] != '/')
        return -1;
    int n = snprintf(control->path, sizeof control->path, "%s/snarl-control.XXXXXX", directory);
    int fd = n < (int)sizeof control->path ? mkostemp(control->path, O_CLOEXEC) : -1;
    if (fd < 0)
        return -1;
    if (posix_fallocate(fd, 0, (off_t)TR_CONTROL_OFFSET(TR_CONTROL_BACKED)) == 0) {
        control->temporary = true;
        return fd;
    }
    unlink(control->path); /* a full disk: the page would fault */
    close(fd);
    return -1;
}

static int open_anonymous(struct sn_control *control)
{
    int fd = memfd_create("snarl-control", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)TR_CONTROL_OFFSET(TR_CONTROL_BACKED)) < 0)
        return -1;
    snprintf(control->path, sizeof control->path, "/proc/%d/fd/%d", (int)getpid(), fd);
    return fd;
}

/* Beyond the limit on the size of files the system ends whoever makes one. */
static bool within_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) < 0 ||
           limit.rlim_cur >= TR_CONTROL_OFFSET(TR_CONTROL_BACKED);
}

int sn_control_open(struct sn_control *control, struct sn_error *err)
{
    *control = (struct sn_control){.fd = -1};
    if (!within_limit())
        return sn_fail(err, SN_E_LIMIT, NULL, SN_NO_OFFSET,
                       "the limit on the size of files (ulimit -f) leaves no room for a recording");
    const char *directories[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    int fd = -1;
    for (size_t i = 0; i < sizeof directories / sizeof *directories && fd < 0; i++)
        fd = open_in(control, directories[i]);
    if (fd < 0)
        fd = open_anonymous(control);
    void *page = fd < 0
                     ? MAP_FAILED
                     : mmap(NULL, sizeof *control->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        sn_fail(err, SN_E_SYSTEM, control->path, SN_NO_OFFSET,
                "the page to be shared with the recorder cannot be made: %s", strerror(errno));
        sn_control_close(control);
        return err->code;
    }
    control->page = page;
    control->page->magic = TR_CONTROL_MAGIC;
    if (control->temporary)
        close(fd);
    else
        control->fd = fd;
    return 0;
}

void sn_control_close(struct sn_control *control)
{
    if (control->temporary)
        unlink(control->path);
    if (control->fd >= 0)
        close(control->fd);
    if (control->page)
        munmap(control->page, sizeof *control->page);
    *control = (struct sn_control){.fd = -1};
}

/* How many entries the file has blocks for: the recorders make it longer. */
static unsigned backed_entries(const struct sn_control *control)
{
    struct stat st;
    int error = control->temporary ? stat(control->path, &st) : fstat(control->fd, &st);
    if (error || st.st_size < (off_t)TR_CONTROL_OFFSET(TR_CONTROL_BACKED))
        return TR_CONTROL_BACKED;
    uint64_t entries =
        ((uint64_t)st.st_size - TR_CONTROL_OFFSET(0)) / sizeof(struct tr_control_process);
    return entries < TR_CONTROL_PROCESSES ? (unsigned)entries : TR_CONTROL_PROCESSES;
}

unsigned sn_control_count(const struct sn_control *control)
{
    uint32_t count = __atomic_load_n(&control->page->processes, __ATOMIC_ACQUIRE);
    unsigned backed = backed_entries(control);
    return count < backed ? count : backed;
}

struct tr_control_process sn_control_entry(const struct sn_control *control, unsigned index)
{
    const struct tr_control_process *entry = &control->page->process[index];
    uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
    struct tr_control_process copy = *entry;
    copy.state = state;
    copy.path[sizeof copy.path - 1] = 0;
    return copy;
}

uint32_t sn_control_attached(const struct sn_control *control)
{
    return __atomic_load_n(&control->page->attached, __ATOMIC_ACQUIRE);
}

uint32_t sn_control_deadlock(const struct sn_control *control)
{
    return __atomic_load_n(&control->page->deadlock_pid, __ATOMIC_ACQUIRE);
}

/* Whose path it is may have been replaced: only what is a trace of that process is written to. */
static void mark(const struct tr_control_process *process, uint64_t now)
{
    struct tr_header header = {0};
    int fd = open(process->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (pread(fd, &header, sizeof header, 0) == sizeof header && header.magic == TR_MAGIC &&
        header.pid == process->pid &&
        pwrite(fd, &now, sizeof now, offsetof(struct tr_header, standstill_tsc)) < 0) {
    }
    close(fd);
}

void sn_control_mark_standstill(const struct sn_control *control)
{
    uint64_t now = __builtin_ia32_rdtsc();
    unsigned count = sn_control_count(control);
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        if (process.state == TR_PROCESS_RECORDING && process.path[0] &&
            sn_control_shared_by(control, process.pid))
            mark(&process, now);
    }
}

bool sn_control_shared_by(const struct sn_control *control, uint32_t pid)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%u/maps", pid);
    FILE *maps = pid > 1 ? fopen(name, "re") : NULL;
    if (!maps)
        return false;
    const char *mapped = control->temporary ? control->path : "/memfd:snarl-control";
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, maps) > 0)
        found = strstr(line, mapped) != NULL;
    free(line);
    fclose(maps);
    return found;
}
