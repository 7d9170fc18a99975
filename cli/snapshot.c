/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/snapshot.h"

#include "cli/trouble.h"
#include "trace/live.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 10000 };

/* The first name that is free: FILE.WHAT-1, -2 ... */
static bool choose_name(char *name, size_t size, const char *trace, const char *what, bool here)
{
    const char *slash = here ? strrchr(trace, '/') : NULL;
    struct stat status;
    for (unsigned n = 1; n <= MOST; n++) {
        int length = snprintf(name, size, "%s.%s-%u", slash ? slash + 1 : trace, what, n);
        if (length > 0 && (size_t)length < size && lstat(name, &status) < 0 && errno == ENOENT)
            return true;
    }
    return false;
}

static bool is_living(const struct tr_control_process *process)
{
    return process->state == TR_PROCESS_RECORDING && process->path[0] && process->pid > 1 &&
           process->pid <= INT32_MAX && (kill((pid_t)process->pid, 0) == 0 || errno == EPERM);
}

void sn_snapshot_take(const struct sn_control *control, bool hung, bool here)
{
    unsigned count = sn_control_count(control), taken = 0;
    for (unsigned i = 0; i < count; i++) {
        struct tr_control_process process = sn_control_entry(control, i);
        char name[PATH_MAX];
        struct sn_error err;
        if (!is_living(&process) ||
            !choose_name(name, sizeof name, process.path, hung ? "hang" : "snapshot", here))
            continue;
        taken++;
        if (tr_live_copy(process.path, name, hung ? TR_HAS_HUNG : 0, &err) < 0)
            sn_say_error("no snapshot: ", &err);
        else
            sn_say("snapshot of process %u written to %s", process.pid, name);
    }
    if (!taken)
        sn_say("no snapshot: no process is being recorded");
}
