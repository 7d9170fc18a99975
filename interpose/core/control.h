/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process tells `snarl` by the page that they share. Without snarl there is none, and all
 * of it does nothing.
 */
#ifndef REC_CORE_CONTROL_H
#define REC_CORE_CONTROL_H

#include "interpose/core/rec.h"

/* Maps the page at PATH, the value of SNARL_CONTROL or NULL. */
void rec_control_open(const char *path);
/* Claims an entry for this process. */
void rec_control_attach(void);
/* What became of it: STATE, the PATH that belongs to it (NULL: as it is), an errno or 0. */
void rec_control_tell(enum tr_process_state state, const char *path, int error);
/* The caller is about to execute PATH, into which no recorder gets. */
void rec_control_unable(const char *path);
/* In a fork child: the entry is the parent's. */
void rec_control_forget(void);

#endif
