/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded in the recorder's place (SNARL_LIBRARY): tells snarl over the control page what
 * STAND_IN says, and records nothing. Its trace, STAND_IN_TRACE, is a header alone.
 *
 *     recording  attached, with a trace        off       attached, but it cannot record (ENOSPC)
 *     gave-up    it could, and then could not  starting  ended while the recorder was starting
 *     deadlock   recording, and a deadlock is seen in this process
 *     pid-one    recording, and claims that process 1 is the one in a deadlock
 *     silent     not attached
 */
#include "trace/control.h"
#include "trace/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct tr_control *control_page(void)
{
    const char *path = getenv(TR_CONTROL_ENV);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *page = mmap(NULL, sizeof(struct tr_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

static void write_trace(const char *path, uint32_t state)
{
    static union {
        struct tr_header header;
        char bytes[TR_HEADER_SIZE];
    } page;
    page.header = (struct tr_header){.magic = TR_MAGIC,
                                     .version = TR_VERSION_NUMBER,
                                     .header_size = TR_HEADER_SIZE,
                                     .arch = TR_ARCH_X86_64,
                                     .chunk_align = TR_CHUNK_ALIGN,
                                     .pid = (uint32_t)getpid(),
                                     .end = TR_HEADER_SIZE,
                                     .state = state,
                                     .off_reason = state == TR_STATE_OFF ? ENOSPC : 0,
                                     .threads = 1,
                                     .counter_bits = TR_COUNTER_BITS};
    /* Whole at once: the next program of a shell's loop may be killed while it starts. */
    char fresh[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, &page, sizeof page) != sizeof page || rename(fresh, path) != 0)
        perror(path);
    close(fd);
}

static void attach(struct tr_control *control, const char *what)
{
    struct tr_control_process *entry = &control->process[control->processes++];
    const char *path = getenv("STAND_IN_TRACE");
    uint32_t state = TR_PROCESS_RECORDING;
    control->attached++;
    entry->pid = (uint32_t)getpid();
    entry->parent = (uint32_t)getppid();
    if (strcmp(what, "off") == 0 || strcmp(what, "gave-up") == 0) {
        state = TR_PROCESS_OFF;
        entry->error = ENOSPC;
    } else if (strcmp(what, "starting") == 0) {
        state = TR_PROCESS_CLAIMED;
    }
    if (path && (state == TR_PROCESS_RECORDING || strcmp(what, "gave-up") == 0)) {
        write_trace(path, state == TR_PROCESS_OFF ? TR_STATE_OFF : TR_STATE_ENDED);
        snprintf(entry->path, sizeof entry->path, "%s", path);
    }
    entry->state = state;
    if (strcmp(what, "deadlock") == 0)
        control->deadlock_pid = entry->pid;
    if (strcmp(what, "pid-one") == 0)
        control->deadlock_pid = 1;
}

__attribute__((constructor)) static void start(void)
{
    const char *what = getenv("STAND_IN");
    struct tr_control *control = control_page();
    if (control && what && strcmp(what, "silent") != 0)
        attach(control, what);
}
