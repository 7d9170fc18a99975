/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions, moved: the same instructions at another place, so that a return, an exception, a
 * signal or an indirect call finds the same as before.
 *
 *   direct jumps, calls       go to new code where there is some, else to the old
 *   indirect calls, returns   as they are: an old entry leads on to the new code
 *   indirect jumps            ask a map of the text where the new code is, since they may go into
 *                             the middle of a function (a switch); the old text would do as well
 *   whatever counts from rip  counts to the same place as before
 *   calls of who asks for its caller   by way of the old text (callers.h)
 */
#ifndef REC_ACCESS_REWRITE_MOVE_H
#define REC_ACCESS_REWRITE_MOVE_H

#include "interpose/access/rewrite/callers.h"
#include "interpose/access/rewrite/check.h"
#include "interpose/access/rewrite/output.h"

/* New code for all functions of CODE that are not refused, in OUT. Their places become known:
 * new_begin, new_end, insn.moved. False if it did not fit. With CLOBBERED (liveness.h), or NULL,
 * whatever is not live is overwritten before each instruction: a test of what is known of that.
 * With CHECKS, or NULL, each access is checked. */
bool rw_move(struct rw_code *code, struct rw_askers *askers, const struct rw_effect *clobbered,
             struct rw_checks *checks, struct rw_output *out);

/* What is behind the first SKIP bytes of INSN, with its displacement, if it has one there. */
void rw_put_operand(const struct rw_code *code, const struct rw_insn *insn, unsigned skip,
                    struct rw_output *out);

/* New code begins with what is filled in when it is whole; then comes the lookup. */
enum {
    RW_HEAD_TEXT = 0,   /* 8 bytes: the text's address */
    RW_HEAD_SIZE = 8,   /* 4: its size */
    RW_HEAD_MAP = 12,   /* 4: where the map is, from here on */
    RW_HEAD_BACK = 16,  /* 8: the address of the way back (callers.h), or 0 */
    RW_HEAD_TOLD = 24,  /* 8: where stubs go on (check.h) */
    RW_HEAD_SITES = 32, /* 4: where the sites are, from here on */
    RW_HEAD = 40,
};

#endif
