/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FastTrack (Flanagan, Freund, PLDI 2009): happens-before by epochs. Sure to find the first race of
 * each variable; of later ones some are missed. After a race it goes on as if there had been none:
 * a write's epoch is replaced, a read that races is not remembered.
 *
 * An epoch is a thread and the number of an operation; what a thread does between two moments at
 * which it tells others has one epoch, and only its first write counts. Each access is looked at,
 * as RAPID's HBEpoch does, so that the two tell of the same events. Variables that are accessed
 * atomically are followed exactly, as history.h does.
 */
#include "analyzer/predict/history.h"

enum { AHEAD = 24 };

struct cell {
    uint32_t write, writer;
    uint32_t read, reader; /* reader MANY: READ is the sum of them, ATOMIC: see history */
};
#define MANY   (UINT32_MAX - 1)
#define ATOMIC UINT32_MAX

struct fasttrack {
    struct an_sync_order order;
    VEC(struct cell) cells;
    struct an_history history; /* of variables that are accessed atomically: */
    VEC(struct an_history_cell) exact;
    VEC(uint32_t *) many; /* number of each thread's latest read */
    VEC(uint32_t) spare;
    uint32_t width; /* threads in each of them */
    struct an_pairs *found;
    uint32_t number;
};

static void *fasttrack_open(struct an_pairs *found)
{
    struct fasttrack *ft = sn_calloc(1, sizeof *ft);
    ft->found = found;
    return ft;
}

static struct cell *cell_at(struct fasttrack *ft, uint32_t variable)
{
    vec_cover(&ft->cells, variable);
    return &ft->cells.at[variable];
}

static void race(struct fasttrack *ft, uint32_t first, uint32_t second, uint32_t variable)
{
    *vec_push(&ft->found->of) = (struct an_pair){first - 1, second - 1, variable};
}

/* Readers side by side. -------------------------------------------------------------------------
 */

static void widen(struct fasttrack *ft, uint32_t width)
{
    vec_each (uint32_t *, many, &ft->many) {
        *many = sn_realloc(*many, width * sizeof **many);
        memset(*many + ft->width, 0, (width - ft->width) * sizeof **many);
    }
    ft->width = width;
}

static void share(struct fasttrack *ft, struct cell *cell, uint32_t thread, uint32_t number)
{
    uint32_t i = ft->spare.count ? *vec_pop(&ft->spare) : (uint32_t)ft->many.count;
    if (i == ft->many.count)
        *vec_push(&ft->many) = sn_malloc(ft->width * sizeof(uint32_t));
    uint32_t *many = memset(ft->many.at[i], 0, ft->width * sizeof(uint32_t));
    many[cell->reader] = cell->read;
    many[thread] = number;
    cell->read = i;
    cell->reader = MANY;
}

/* The number of a read that is not known to have happened before, or 0. */
static uint32_t unordered_read(const struct fasttrack *ft, const struct cell *cell,
                               const uint32_t *knows)
{
    if (cell->reader != MANY)
        return cell->read > knows[cell->reader] ? cell->read : 0;
    const uint32_t *many = ft->many.at[cell->read];
    for (uint32_t t = 0; t < ft->width; t++)
        if (many[t] > knows[t])
            return many[t];
    return 0;
}

/* Accesses. -------------------------------------------------------------------------------------
 */

static void follow_read(struct fasttrack *ft, struct cell *cell, struct tr_op op, uint32_t number,
                        const uint32_t *knows)
{
    if (cell->write > knows[cell->writer]) {
        race(ft, cell->write, number, op.target);
    } else if (cell->reader == MANY) {
        ft->many.at[cell->read][op.thread] = number;
    } else if (cell->read <= knows[cell->reader]) {
        cell->read = number;
        cell->reader = op.thread;
    } else {
        share(ft, cell, op.thread, number);
    }
}

static void follow_write(struct fasttrack *ft, struct cell *cell, struct tr_op op, uint32_t number,
                         const uint32_t *knows)
{
    uint32_t first = cell->write > knows[cell->writer] ? cell->write : 0;
    if (!first)
        first = unordered_read(ft, cell, knows);
    if (first)
        race(ft, first, number, op.target);
    uint32_t epoch = an_sync_order_epoch(&ft->order, op.thread);
    if (cell->writer == op.thread && cell->write && cell->write >= epoch)
        return;
    if (cell->reader == MANY) {
        *vec_push(&ft->spare) = cell->read;
        cell->read = cell->reader = 0;
    }
    cell->write = number;
    cell->writer = op.thread;
}

static void follow_atomic(struct fasttrack *ft, struct cell *cell, struct tr_op op, uint32_t number,
                          const uint32_t *knows)
{
    vec_cover(&ft->exact, op.target);
    struct an_history_cell *exact = &ft->exact.at[op.target];
    if (cell->reader != ATOMIC) {
        *exact = (struct an_history_cell){.write = cell->write, .writer = cell->writer};
        if (cell->reader != MANY)
            exact->read = cell->read, exact->reader = cell->reader;
        cell->reader = ATOMIC;
    }
    uint32_t first = an_history_access(&ft->history, exact, op, number, knows);
    if (first)
        race(ft, first, number, op.target);
}

static void follow_access(struct fasttrack *ft, struct tr_op op, uint32_t number)
{
    an_sync_order_thread(&ft->order, op.thread);
    if (__builtin_expect(ft->width < ft->order.knowledge.threads, 0))
        widen(ft, ft->order.knowledge.threads);
    struct cell *cell = cell_at(ft, op.target);
    const uint32_t *knows = an_knowledge_of(&ft->order.knowledge, op.thread);
    if (__builtin_expect(cell->reader == ATOMIC || tr_op_is_atomic(op.kind), 0))
        follow_atomic(ft, cell, op, number, knows);
    else if (op.kind == TR_OP_READ)
        follow_read(ft, cell, op, number, knows);
    else
        follow_write(ft, cell, op, number, knows);
}

static void fasttrack_ops(void *self, const struct tr_op *ops, size_t count)
{
    struct fasttrack *ft = self;
    for (size_t i = 0; i < count; i++) {
        struct tr_op op = ops[i];
        uint32_t number = ++ft->number;
        if (i + AHEAD < count)
            vec_prefetch(&ft->cells, ops[i + AHEAD].target);
        if (tr_op_is_access(op.kind))
            follow_access(ft, op, number);
        else
            an_sync_order_op(&ft->order, op, number);
    }
}

static void fasttrack_close(void *self)
{
    struct fasttrack *ft = self;
    vec_each (uint32_t *, many, &ft->many)
        free(*many);
    vec_release(&ft->many);
    vec_release(&ft->spare);
    vec_release(&ft->cells);
    an_history_release(&ft->history);
    vec_release(&ft->exact);
    an_sync_order_release(&ft->order);
    free(ft);
}

const struct an_relation an_relation_fasttrack = {
    .name = "fasttrack",
    .meaning = "happens-before by epochs: the first race of each variable, and most later ones",
    .open = fasttrack_open,
    .ops = fasttrack_ops,
    .close = fasttrack_close,
};
