/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the program, waits for its end, and stops it where it must be stopped. The program gets
 * its standard descriptors, its process group, its signal mask and dispositions as if snarl had not
 * been there.
 */
#ifndef SN_CLI_SUPERVISE_H
#define SN_CLI_SUPERVISE_H

#include "cli/control.h"
#include "cli/standstill.h"

struct sn_supervision {
    char **argv;
    char **environment;
    double timeout;           /* seconds; 0: none */
    double hang;              /* seconds without getting on; 0: nobody looks */
    bool look_for_standstill; /* hangs that are certain to last for ever */
    struct sn_arena *arena;   /* for what the outcome says */
    bool stop_on_deadlock;    /* or on a hang; else it is only told */
    bool discard; /* the traces will be deleted: snapshots go into the working directory */
};

struct sn_outcome {
    int pid;
    int exit_status;       /* -1: a signal ended it */
    int signal;            /* 0: none */
    bool timed_out;        /* stopped for its time limit, or since it hung */
    struct sn_ends ends;   /* where it stood still */
    bool stood_still;      /* stopped, since it could never have gone on */
    uint32_t deadlock_pid; /* where a deadlock was seen; 0 */
    double seconds;
    int exec_error; /* errno, when it could not be started after all */
};

int sn_supervise(struct sn_outcome *outcome, const struct sn_supervision *what,
                 const struct sn_control *control, struct sn_error *err);

#endif
