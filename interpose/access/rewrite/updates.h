/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of a variable in code that was compiled without optimisation: `x++` is a load, an
 * addition and a store there, as it is between relaxed atomics in code that was optimised. But
 * without optimisation compilers put the value of an atomic load, and that for an atomic store,
 * into the frame in between (but for gcc's __atomic_store_n with __atomic_load_n in its argument,
 * which nobody writes for a variable that several threads update). So such a load and such a store
 * are no atomics.
 *
 * That a function is not optimised is seen by its frame: its arguments go there at its beginning,
 * and it keeps nothing in registers that a call would leave alone. Where that is so of many
 * functions of a module, it is so of all that have such a frame: optimised ones seldom begin like
 * that.
 */
#ifndef REC_ACCESS_REWRITE_UPDATES_H
#define REC_ACCESS_REWRITE_UPDATES_H

#include "interpose/access/rewrite/code.h"

struct rw_updates {
    const struct rw_function *function; /* the latest one; NULL: none yet */
    bool unoptimized;                   /* it, */
    bool all;                           /* and the whole module */
};

/* Does a function address its own frame by rbp? */
bool rw_has_frame_pointer(const struct rw_code *code, const struct rw_function *function);
/* Is ACCESS of FUNCTION's instruction INSN the load or the store of such an update? */
bool rw_is_update(struct rw_updates *updates, const struct rw_code *code,
                  const struct rw_effect *effects, const struct rw_function *function,
                  const struct rw_insn *insn, const struct rw_access *access);

#endif
