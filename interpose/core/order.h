/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order that is no lock, and waiting for the outside: what pipes, sockets, queues, futexes, signals
 * and OpenMP's teams have in common.
 *
 *     rec_before(rec_channel(inode), TR_BY_PIPE, rec_here());      before the real write
 *     rec_after(rec_channel(inode), TR_BY_PIPE, rec_here());       after the real read
 *
 *     struct rec_block block = rec_block_begin(TR_BLOCK_SLEEP, 0, rec_here());
 *     ... the real call ...
 *     rec_block_end(&block);
 *
 * A call that is a cancellation point declares the block with REC_BLOCK, so that its end is told
 * also when the thread unwinds. All of it keeps errno and does nothing where nothing is recorded.
 */
#ifndef REC_CORE_ORDER_H
#define REC_CORE_ORDER_H

#include "interpose/core/rec.h"

/* A key for what is no address: ID with the top bit set. */
static inline const void *rec_channel(uint64_t id)
{
    return (const void *)(id | 1ull << 63);
}

/* What the thread did so far comes before what follows rec_after on the same KEY in another. */
void rec_before(const void *key, enum tr_carrier carrier, uint64_t cfa);
void rec_after(const void *key, enum tr_carrier carrier, uint64_t cfa);
/* The same for KIND, HB_BEFORE or HB_AFTER, by the place alone that PC returns to (0: none): where
 * whole stacks would be others each time. */
void rec_order_at(uint8_t kind, const void *key, enum tr_carrier carrier, uint64_t pc);

struct rec_block {
    uint32_t mode;
    bool told;
};

/* The caller is about to wait for WHAT (enum tr_block, perhaps TR_BLOCK_TIMED). */
struct rec_block rec_block_begin(uint32_t what, uint64_t on, uint64_t cfa);
void rec_block_end(struct rec_block *block);

#define REC_BLOCK(name, what, on)                                                                  \
    __attribute__((cleanup(rec_block_end), unused)) struct rec_block name =                        \
        rec_block_begin((what), (on), rec_here())

/* The value of REAL_CALL, told as a block if it WAITS. */
#define REC_WAITING(waits, what, on, real_call)                                                    \
    ({                                                                                             \
        __typeof__(real_call) rec_result;                                                          \
        if (waits) {                                                                               \
            REC_BLOCK(rec_block, (what), (on));                                                    \
            rec_result = real_call;                                                                \
        } else {                                                                                   \
            rec_result = real_call;                                                                \
        }                                                                                          \
        rec_result;                                                                                \
    })

#endif
