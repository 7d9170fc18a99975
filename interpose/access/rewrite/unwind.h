/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How moved functions are unwound, and where their exceptions are caught: tables like those of the
 * module, of new places. Types of exceptions and personalities stay where they are.
 */
#ifndef REC_ACCESS_REWRITE_UNWIND_H
#define REC_ACCESS_REWRITE_UNWIND_H

#include "interpose/access/rewrite/code.h"
#include "interpose/access/rewrite/output.h"

/* Appends them to OUT, which begins with the new code. Returns where the index (.eh_frame_hdr) of
 * them stands; 0 if it did not fit. */
uint32_t rw_unwind(const struct rw_code *code, struct rw_output *out);

#endif
