/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that ask who calls them: dlopen and its kin search by the run path and the namespace of
 * the module that their return address lies in. Moved code is in no module. So a call of one of
 * them is made as if from the old text, where something like `add $8, %rsp; ret` stands: it returns
 * there, and from there to the moved caller.
 */
#ifndef REC_ACCESS_REWRITE_CALLERS_H
#define REC_ACCESS_REWRITE_CALLERS_H

#include "interpose/access/rewrite/code.h"

enum { RW_ASKERS = 8 };

struct rw_askers { /* of one module */
    uint32_t count;
    uint64_t slots[RW_ASKERS];  /* where the linker puts their addresses */
    uint32_t thunks[RW_ASKERS]; /* in the new code: calls, jumps go there instead */
    uint32_t return_at;         /* in the text: takes 8 bytes off the stack, and returns */
};

/* Those that CODE's module calls; none, if there is no way back through the old text. */
void rw_askers_find(struct rw_askers *askers, const struct rw_code *code);
/* The number of the one that the linker's stub at TARGET of the text leads to, or that the slot at
 * ADDRESS names; RW_ASKERS: none. */
unsigned rw_asker_behind(const struct rw_askers *askers, const struct rw_code *code,
                         int64_t target);
unsigned rw_asker_at(const struct rw_askers *askers, uint64_t address);

#endif
