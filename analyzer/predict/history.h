/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accesses of each variable that a later one may race with, and no more: a new access takes the
 * place of those that happened before it and conflict with nothing that it does not conflict with,
 * since whatever is unordered with them is unordered with it. So each racing second access is
 * found, not only the first (as with the plain epochs of FastTrack: Flanagan, Freund, PLDI 2009,
 * whose cells these are as long as accesses are ordered).
 *
 * 16 bytes a variable: a write and a read. Where several stand side by side, or atomics occur, they
 * are a list, and the cell its number. Cells lie where their owner wants them: an access misses the
 * cache once if what else it needs of that variable lies beside it.
 */
#ifndef SN_ANALYZER_PREDICT_HISTORY_H
#define SN_ANALYZER_PREDICT_HISTORY_H

#include "analyzer/predict/relation.h"
#include "analyzer/predict/sync_order.h"

struct an_past_access {
    uint32_t number, thread; /* 0: none */
    uint32_t kind;           /* enum tr_op_kind */
};

struct an_history_cell {
    uint32_t write, writer; /* number and thread of the write; or a list's number + 1 ... */
    uint32_t read, reader;  /* ... and AN_HISTORY_LIST */
};
#define AN_HISTORY_LIST UINT32_MAX

struct an_past_list {
    VEC(struct an_past_access) of;
};

struct an_history { /* the lists of cells; all zero: there are none */
    VEC(struct an_past_list) lists;
    VEC(uint32_t) spare; /* lists */
};

/* The same as an_history_access, where it is more than a comparison. */
uint32_t an_history_access_list(struct an_history *history, struct an_history_cell *cell,
                                struct tr_op op, uint32_t number, const uint32_t *knows);

/* OP, of that NUMBER, accesses the variable of CELL and is made by a thread that KNOWS so much: the
 * number of an access that it races with, or 0. */
static inline uint32_t an_history_access(struct an_history *history, struct an_history_cell *cell,
                                         struct tr_op op, uint32_t number, const uint32_t *knows)
{
    if (cell->reader == AN_HISTORY_LIST || cell->read > knows[cell->reader] ||
        tr_op_is_atomic(op.kind))
        return an_history_access_list(history, cell, op, number, knows);
    if (op.kind == TR_OP_READ) {
        cell->read = number;
        cell->reader = op.thread;
        return cell->write > knows[cell->writer] ? cell->write : 0;
    }
    if (cell->write > knows[cell->writer])
        return an_history_access_list(history, cell, op, number, knows);
    *cell = (struct an_history_cell){.write = number, .writer = op.thread};
    return 0;
}

void an_history_release(struct an_history *history);

#endif
