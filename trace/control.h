/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page that `snarl run` (or `record`) shares with the recorders of the processes it started:
 * who attached, where each one's trace is, and whether a deadlock was seen. A file named by the
 * environment variable SNARL_CONTROL; both sides map it. Freestanding.
 */
#ifndef SN_TRACE_CONTROL_H
#define SN_TRACE_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#define TR_CONTROL_ENV   "SNARL_CONTROL"
#define TR_OPTIONS_ENV   "SNARL_OPTIONS"
#define TR_CONTROL_MAGIC 0x4c5254434c52534eu
enum { TR_CONTROL_PROCESSES = 1 << 16, TR_CONTROL_BACKED = 256, TR_CONTROL_PATH = 480 };

enum tr_process_state {
    TR_PROCESS_NONE = 0,
    TR_PROCESS_CLAIMED = 1,   /* being filled in */
    TR_PROCESS_RECORDING = 2, /* path names its trace */
    TR_PROCESS_OFF = 3,       /* attached, but it cannot record: error says why */
    TR_PROCESS_LEFT_OUT = 4,  /* attached, but not to be followed: path names its program */
    TR_PROCESS_UNABLE = 5,    /* told by who executed it: path names a program into which no
                                 recorder gets */
};

struct tr_control_process {
    uint32_t state; /* enum tr_process_state; atomic, set last */
    uint32_t pid, parent;
    uint32_t error; /* errno, or 0; EINTR: forked in the middle of the recorder's work */
    char path[TR_CONTROL_PATH]; /* absolute, terminated */
    uint64_t unused[2];
};

/*
 * The file has blocks for the first TR_CONTROL_BACKED entries. Who claims a later one makes the
 * file longer first: never touch an entry beyond the file's end.
 */
struct tr_control {
    uint64_t magic;
    uint32_t attached;     /* atomic: how many recorders started */
    uint32_t deadlock_pid; /* atomic: the process in which a deadlock was seen first, or 0 */
    uint32_t processes;    /* atomic: entries claimed; may exceed the table */
    uint32_t main_pid;     /* the program itself, set by snarl before it starts */
    uint64_t unused[4];
    struct tr_control_process process[TR_CONTROL_PROCESSES];
};

/* Where entry INDEX begins, which is where the one before it ends. */
#define TR_CONTROL_OFFSET(index)                                                                   \
    (offsetof(struct tr_control, process) + (index) * sizeof(struct tr_control_process))

#endif
