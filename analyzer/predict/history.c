/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/history.h"

/* Does every access that conflicts with OLD conflict with NEW? */
static bool covers(unsigned new, unsigned old)
{
    return tr_op_writes(new) >= tr_op_writes(old) && tr_op_is_atomic(new) <= tr_op_is_atomic(old);
}

static struct an_past_list *list_of(struct an_history *history, struct an_history_cell *cell)
{
    if (cell->reader == AN_HISTORY_LIST)
        return &history->lists.at[cell->write - 1];
    uint32_t number =
        history->spare.count ? *vec_pop(&history->spare) : (uint32_t)history->lists.count;
    if (number == history->lists.count)
        (void)vec_push(&history->lists);
    struct an_past_list *list = &history->lists.at[number];
    if (cell->write)
        *vec_push(&list->of) = (struct an_past_access){cell->write, cell->writer, TR_OP_WRITE};
    if (cell->read)
        *vec_push(&list->of) = (struct an_past_access){cell->read, cell->reader, TR_OP_READ};
    *cell = (struct an_history_cell){.write = number + 1, .reader = AN_HISTORY_LIST};
    return list;
}

/* A list of one plain write and one plain read at most becomes a cell again. */
static void shrink(struct an_history *history, struct an_history_cell *cell,
                   struct an_past_list *list)
{
    struct an_history_cell small = {0};
    if (list->of.count > 2)
        return;
    vec_each (struct an_past_access, access, &list->of) {
        if (access->kind == TR_OP_WRITE && !small.write)
            small.write = access->number, small.writer = access->thread;
        else if (access->kind == TR_OP_READ && !small.read)
            small.read = access->number, small.reader = access->thread;
        else
            return;
    }
    vec_clear(&list->of);
    *vec_push(&history->spare) = cell->write - 1;
    *cell = small;
}

uint32_t an_history_access_list(struct an_history *history, struct an_history_cell *cell,
                                struct tr_op op, uint32_t number, const uint32_t *knows)
{
    struct an_past_list *list = list_of(history, cell);
    uint32_t races = 0;
    for (size_t i = 0; i < list->of.count;) {
        struct an_past_access *old = &list->of.at[i];
        bool before = old->number <= knows[old->thread];
        if (!before && tr_op_conflict(old->kind, op.kind) && (!races || old->number < races))
            races = old->number;
        if (before && covers(op.kind, old->kind))
            *old = *vec_pop(&list->of);
        else
            i++;
    }
    *vec_push(&list->of) = (struct an_past_access){number, op.thread, op.kind};
    shrink(history, cell, list);
    return races;
}

void an_history_release(struct an_history *history)
{
    vec_each (struct an_past_list, list, &history->lists)
        vec_release(&list->of);
    vec_release(&history->lists);
    vec_release(&history->spare);
}
