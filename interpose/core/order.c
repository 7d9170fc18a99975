/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/order.h"

#include "interpose/core/poison.h"

/* WHERE is a frame, whose WHOLE stack is told, or an address. */
static void order(uint8_t kind, const void *key, enum tr_carrier carrier, uint64_t where,
                  bool whole)
{
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        struct rec_object *object = rec_object_raw(key);
        if (object)
            rec_sync(s, kind, carrier, whole ? rec_stack(s, where) : rec_stack_place(s, where),
                     (uint64_t)key, rec_version(object));
        rec_leave(s);
    }
    errno = error;
}

void rec_order_at(uint8_t kind, const void *key, enum tr_carrier carrier, uint64_t pc)
{
    order(kind, key, carrier, pc, false);
}

void rec_before(const void *key, enum tr_carrier carrier, uint64_t cfa)
{
    order(TR_HB_BEFORE, key, carrier, cfa, true);
}

void rec_after(const void *key, enum tr_carrier carrier, uint64_t cfa)
{
    order(TR_HB_AFTER, key, carrier, cfa, true);
}

struct rec_block rec_block_begin(uint32_t what, uint64_t on, uint64_t cfa)
{
    struct rec_block block = {.mode = what};
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_stamp(s);
        rec_emit(s,
                 &(struct tr_event){
                     .kind = TR_BLOCK_BEGIN, .mode = what, .stack = rec_stack(s, cfa), .a0 = on});
        s->waiting = (struct rec_wait){TR_BLOCK_BEGIN, what, on};
        rec_leave(s);
        block.told = true;
    }
    errno = error;
    return block;
}

void rec_block_end(struct rec_block *block)
{
    int error = errno;
    struct rec_stream *s = block->told ? rec_enter() : NULL;
    if (s) {
        rec_stamp(s);
        rec_emit(s, &(struct tr_event){.kind = TR_BLOCK_END, .mode = block->mode});
        s->waiting.kind = 0;
        rec_leave(s);
    }
    errno = error;
}
