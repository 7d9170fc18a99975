/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/run.h"

static void raise_to(uint32_t *count, uint32_t number)
{
    if (number >= *count)
        *count = number + 1;
}

void an_run_add(struct an_run *run, struct tr_op op)
{
    raise_to(&run->threads, op.thread);
    if (tr_op_is_access(op.kind))
        raise_to(&run->variables, op.target);
    else if (tr_op_acquires(op.kind) || tr_op_releases(op.kind))
        raise_to(&run->locks, op.target);
    else if (op.kind == TR_OP_FORK || op.kind == TR_OP_JOIN)
        raise_to(&run->threads, op.target);
    else if (op.kind >= TR_OP_SEND && op.kind <= TR_OP_OBSERVE)
        raise_to(&run->channels, op.target);
    else if (op.kind == TR_OP_POST || op.kind == TR_OP_WAIT)
        while (run->initial.count <= op.target)
            (void)vec_push(&run->initial);
    *vec_push(&run->ops) = op;
}

void an_run_release(struct an_run *run)
{
    vec_release(&run->ops);
    vec_release(&run->events);
    vec_release(&run->addresses);
    vec_release(&run->doubts);
    vec_release(&run->deferred);
    vec_release(&run->limited);
    vec_release(&run->awaits);
    vec_release(&run->initial);
    *run = (struct an_run){0};
}
