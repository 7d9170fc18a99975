/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of a stack is the programmer's own code. What starts a program or a thread, the C and
 * C++ run-time libraries and the recorder are not: nobody wants to read them, and a fingerprint
 * must not depend on them.
 */
#ifndef SN_FINDING_STACK_H
#define SN_FINDING_STACK_H

#include "finding/finding.h"

/* Neither the run-time's, nor the recorder's, nor a system header's. */
bool sn_frame_is_own(const struct sn_frame *frame);

/* What the code is called that the kernel puts between a signal handler and what it interrupted. */
#define SN_SIGNAL_FRAME "<signal handler called>"

/* The recorder's or the kernel's call of a signal handler: the frames outside of it are what that
 * interrupted. */
bool sn_frame_is_handler_call(const struct sn_frame *frame);

/* The part of STACK from the innermost frame on that is not the recorder's. Where nothing would be
 * left, the whole of it. Shares STACK's frames. */
struct sn_stack sn_stack_skip_recorder(const struct sn_stack *stack);

/* The part of STACK between the recorder's frames at its inner end and the start-up frames at its
 * outer end. Where nothing would be left, the whole of it. Shares STACK's frames. */
struct sn_stack sn_stack_trim(const struct sn_stack *stack);

/* The frame that a reader should look at: the innermost of one's own code, else the innermost
 * after trimming; NULL for an empty stack. */
const struct sn_frame *sn_stack_place(const struct sn_stack *stack);

/* The innermost frame that is neither the recorder's nor the C library's: who called what the
 * recorder hooks; or NULL. */
const struct sn_frame *sn_stack_caller(const struct sn_stack *stack);

/* Length of FUNCTION without what the compiler puts behind the names of its copies
 * (".constprop.0", " [clone .cold]"). */
size_t sn_function_length(const char *function);

/* Path without its directories; NULL stays NULL. */
const char *sn_base_name(const char *path);

#endif
