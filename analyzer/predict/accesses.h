/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Earlier accesses of one variable, no more of them than decide whether a later access races with
 * any, for relations whose order is transitive. An access is left out once another one is ordered
 * after it that conflicts with at least as much: whatever is ordered after the latter is ordered
 * after both.
 */
#ifndef SN_ANALYZER_PREDICT_ACCESSES_H
#define SN_ANALYZER_PREDICT_ACCESSES_H

#include "base/vec.h"
#include "trace/op.h"

struct an_access {
    uint64_t op;
    uint32_t thread;
    uint32_t time, hard; /* by the relation, and by what all reorderings keep */
    uint32_t kind;       /* TR_OP_READ, TR_OP_WRITE, TR_OP_ATOMIC_READ or TR_OP_ATOMIC_WRITE */
};

struct an_accesses {
    VEC(struct an_access) of;
};

struct an_access_history { /* all zero: none */
    struct an_accesses writes, reads;
};

/* Does A conflict with whatever B conflicts with? */
static inline bool an_access_covers(unsigned a, unsigned b)
{
    if (!tr_op_is_atomic(a))
        return tr_op_writes(a) || !tr_op_writes(b);
    return tr_op_is_atomic(b) && (tr_op_writes(a) || !tr_op_writes(b));
}

#endif
