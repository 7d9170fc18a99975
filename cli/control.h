/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our side of the control page (trace/control.h): a small file that the recorders find by its name
 * in SNARL_CONTROL. What they wrote there is input from outside: read it through the verbs below.
 */
#ifndef SN_CLI_CONTROL_H
#define SN_CLI_CONTROL_H

#include "base/error.h"
#include "trace/control.h"

#include <stdbool.h>

struct sn_control {
    struct tr_control *page;
    int fd;         /* of a file without a name of its own, else -1 */
    bool temporary; /* path is a file to be removed */
    char path[256];
};

int sn_control_open(struct sn_control *control, struct sn_error *err);
void sn_control_close(struct sn_control *control);

/* How many entries of the table are used. */
unsigned sn_control_count(const struct sn_control *control);
/* A copy of one, its path terminated. */
struct tr_control_process sn_control_entry(const struct sn_control *control, unsigned index);
uint32_t sn_control_attached(const struct sn_control *control);
/* The process that saw a deadlock, or 0. */
uint32_t sn_control_deadlock(const struct sn_control *control);
/* Writes into the header of each recorded process's trace that it stands still now. */
void sn_control_mark_standstill(const struct sn_control *control);
/* Does the process PID share this page? Only then may it be meddled with: a number alone proves
 * nothing, it may come from another process namespace, or be another program's by now. */
bool sn_control_shared_by(const struct sn_control *control, uint32_t pid);

#endif
