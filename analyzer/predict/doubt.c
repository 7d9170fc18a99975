/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/doubt.h"

#include "analyzer/predict/sync_order.h"

struct seen {
    uint32_t number, thread; /* number I + 1 is operation I */
    bool write;
};

struct variable {
    VEC(struct seen) latest; /* those not known to have happened before the next ones */
    bool torn;               /* which of several writes came last is not known */
};

struct doubter {
    struct an_run *run;
    struct an_sync_order order;
    struct variable *variables;
};

static void doubt(struct doubter *doubter, uint32_t number)
{
    doubter->run->doubts.at[number - 1] = 1;
}

static void access(struct doubter *doubter, struct tr_op op, uint32_t number)
{
    struct variable *variable = &doubter->variables[op.target];
    bool write = tr_op_writes(op.kind), torn = false;
    an_sync_order_thread(&doubter->order, op.thread);
    for (size_t i = 0; i < variable->latest.count;) {
        struct seen *old = &variable->latest.at[i];
        bool before =
            an_knowledge_knows(&doubter->order.knowledge, op.thread, old->thread, old->number);
        if (before && (write || !old->write)) {
            *old = *vec_pop(&variable->latest);
            continue;
        }
        i++;
        if (before)
            continue;
        if (old->write && an_run_reads(doubter->run, op.kind))
            doubt(doubter, number);
        if (write && an_run_reads(doubter->run, doubter->run->ops.at[old->number - 1].kind))
            doubt(doubter, old->number);
        torn |= old->write && write;
    }
    *vec_push(&variable->latest) = (struct seen){number, op.thread, write};
    if (variable->torn && an_run_reads(doubter->run, op.kind))
        doubt(doubter, number);
    if (write)
        variable->torn = torn;
}

void an_run_doubt(struct an_run *run)
{
    struct doubter doubter = {.run = run,
                              .variables = sn_calloc(run->variables + 1, sizeof(struct variable))};
    vec_clear(&run->doubts);
    for (size_t i = 0; i < run->ops.count; i++)
        *vec_push(&run->doubts) = 0;
    for (size_t i = 0; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        /* Atomics are numbered while they are made: what they read is what the trace says. */
        if (op.kind == TR_OP_READ || op.kind == TR_OP_WRITE)
            access(&doubter, op, (uint32_t)i + 1);
        else if (!tr_op_is_access(op.kind))
            an_sync_order_op(&doubter.order, op, (uint32_t)i + 1);
    }
    for (uint32_t v = 0; v < run->variables; v++)
        vec_release(&doubter.variables[v].latest);
    free(doubter.variables);
    an_sync_order_release(&doubter.order);
}
