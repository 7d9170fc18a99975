/* SPDX-License-Identifier: Apache-2.0 */
/* Processes made by this one, and what must not be going on when it is copied. */
#ifndef REC_CORE_FORK_H
#define REC_CORE_FORK_H

#include "interpose/core/rec.h"

/* Around what a child must not find half done; only if true is it to be undone by rec_fork_let_in.
 */
bool rec_fork_keep_out(void);
/* The same, but it waits a while for a fork that is going on. */
bool rec_fork_keep_out_soon(void);
void rec_fork_let_in(void);

/* Around a fork, in the thread that does it. */
void rec_fork_before(void);
void rec_fork_after(bool child);
/* What a child does that has memory of its own: records on (hook_process.c). */
void rec_fork_in_child(void);

/* Is the caller a child that has the memory, and the stream, of the process that made it? */
bool rec_fork_borrowed(void);
/* Tells of CHILD, once if it told of itself before. */
void rec_fork_tell(struct rec_stream *s, uint32_t child, uint32_t stack);

#endif
