/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which registers and flags the program may still read before it writes them: at all others a check
 * between its instructions may keep its own.
 *
 * The analysis goes backwards over all functions at once, since compilers, and assembly more so,
 * know what a function of the same module leaves alone (gcc's -fipa-ra): what a caller reads behind
 * a direct call is live where that function returns. In doubt everything is: at jumps that an
 * operand names, at system calls, in front of what is not known.
 *
 * Flags may live on across the jump of a switch, whose targets are not known here. That doubt stays
 * within the function: nobody hands flags over to where he does not know who reads them.
 */
#ifndef REC_ACCESS_REWRITE_LIVENESS_H
#define REC_ACCESS_REWRITE_LIVENESS_H

#include "interpose/access/rewrite/code.h"

/* Flags that are read for all that is known: bits of their own, above RW_FLAGS. */
enum { RW_DOUBT_SHIFT = 6 };
#define RW_DOUBTFUL_FLAGS (RW_FLAGS << RW_DOUBT_SHIFT)

/* By number of instruction: all of CODE that is not refused. NULL if there is no memory. */
struct rw_effect *rw_liveness(const struct rw_code *code);
void rw_liveness_free(struct rw_effect *effects, const struct rw_code *code);

#endif
