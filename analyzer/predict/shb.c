/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedulable happens-before: Mathur, Kini, Viswanathan, "What happens-after the first race?",
 * OOPSLA 2018. Happens-before, and each read behind the write that it read from, since an order in
 * which that read would see something else may go another way. Every race that is told is one that
 * some order of the run reaches.
 *
 * A race is looked for before the read learns what the writer knew. An atomic read of an atomic
 * write, which cannot race, orders nothing by itself: what it does order, PUBLISH and OBSERVE say.
 */
#include "analyzer/predict/history.h"

enum { AHEAD = 24 };

struct cell { /* of a variable: half a line of the cache */
    struct an_history_cell history;
    struct an_stamp wrote; /* the latest write */
    bool atomic;           /* ... was that */
};

struct shb {
    struct an_sync_order order;
    struct an_history history;
    VEC(struct cell) cells;
    struct an_pairs *found;
    uint32_t number;
};

static void *shb_open(struct an_pairs *found)
{
    struct shb *shb = sn_calloc(1, sizeof *shb);
    shb->found = found;
    return shb;
}

/* Whoever reads what OP wrote, or what OP read, is behind it. */
static void reads_from(struct shb *shb, struct cell *cell, struct tr_op op, uint32_t number)
{
    bool atomic = tr_op_is_atomic(op.kind);
    if (tr_op_reads(op.kind) && !(atomic && cell->atomic))
        an_knowledge_learn(&shb->order.knowledge, op.thread, &cell->wrote);
    if (!tr_op_writes(op.kind))
        return;
    an_knowledge_stamp(&shb->order.knowledge, op.thread, number, &cell->wrote);
    cell->atomic = atomic;
}

static void shb_ops(void *self, const struct tr_op *ops, size_t count)
{
    struct shb *shb = self;
    for (size_t i = 0; i < count; i++) {
        struct tr_op op = ops[i];
        uint32_t number = ++shb->number;
        if (i + AHEAD < count)
            vec_prefetch(&shb->cells, ops[i + AHEAD].target);
        if (!tr_op_is_access(op.kind)) {
            an_sync_order_op(&shb->order, op, number);
            continue;
        }
        an_sync_order_thread(&shb->order, op.thread);
        vec_cover(&shb->cells, op.target);
        struct cell *cell = &shb->cells.at[op.target];
        uint32_t first = an_history_access(&shb->history, &cell->history, op, number,
                                           an_knowledge_of(&shb->order.knowledge, op.thread));
        if (__builtin_expect(first != 0, 0))
            *vec_push(&shb->found->of) = (struct an_pair){first - 1, number - 1, op.target};
        reads_from(shb, cell, op, number);
    }
}

static void shb_close(void *self)
{
    struct shb *shb = self;
    an_sync_order_release(&shb->order);
    an_history_release(&shb->history);
    vec_release(&shb->cells);
    free(shb);
}

const struct an_relation an_relation_shb = {
    .name = "shb",
    .meaning = "schedulable happens-before: every race that this run shows to be one",
    .open = shb_open,
    .ops = shb_ops,
    .close = shb_close,
};
