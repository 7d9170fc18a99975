/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Happens-before (Lamport 1978; Pozniansky, Schuster, PPoPP 2003): each access that is unordered
 * with an earlier one that it conflicts with. Only the first race of a run is sure to be one in
 * every other order, too.
 */
#include "analyzer/predict/history.h"

enum { AHEAD = 24 }; /* operations: enough for a miss of the last cache */

struct hb {
    struct an_sync_order order;
    struct an_history history;
    VEC(struct an_history_cell) cells; /* of each variable */
    struct an_pairs *found;
    uint32_t number;
};

static void *hb_open(struct an_pairs *found)
{
    struct hb *hb = sn_calloc(1, sizeof *hb);
    hb->found = found;
    return hb;
}

static void hb_ops(void *self, const struct tr_op *ops, size_t count)
{
    struct hb *hb = self;
    for (size_t i = 0; i < count; i++) {
        struct tr_op op = ops[i];
        uint32_t number = ++hb->number;
        if (i + AHEAD < count)
            vec_prefetch(&hb->cells, ops[i + AHEAD].target);
        if (!tr_op_is_access(op.kind)) {
            an_sync_order_op(&hb->order, op, number);
            continue;
        }
        an_sync_order_thread(&hb->order, op.thread);
        vec_cover(&hb->cells, op.target);
        uint32_t first = an_history_access(&hb->history, &hb->cells.at[op.target], op, number,
                                           an_knowledge_of(&hb->order.knowledge, op.thread));
        if (__builtin_expect(first != 0, 0))
            *vec_push(&hb->found->of) = (struct an_pair){first - 1, number - 1, op.target};
    }
}

static void hb_close(void *self)
{
    struct hb *hb = self;
    an_sync_order_release(&hb->order);
    an_history_release(&hb->history);
    vec_release(&hb->cells);
    free(hb);
}

const struct an_relation an_relation_hb = {
    .name = "hb",
    .meaning = "happens-before: every access that races with an earlier one",
    .open = hb_open,
    .ops = hb_ops,
    .close = hb_close,
};
