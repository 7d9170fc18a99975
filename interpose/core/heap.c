/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/heap.h"

#include "interpose/core/poison.h"

__thread struct rec_heap_self rec_heap_self __attribute__((tls_model("initial-exec")));

/* A block may have a rest behind what was asked for, which its end is told with: what was there
 * before is over, too. */
static void forget(struct rec_stream *s, const void *block, size_t size)
{
    size_t usable = rec_real_own_new ? 0 : rec_real.malloc_usable_size((void *)block);
    rec_access_forget(s, block, usable > size ? usable : size);
}

void rec_block_begins_slow(const void *block, size_t size, uint64_t cfa)
{
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        forget(s, block, size);
        rec_emit(s, &(struct tr_event){.kind = TR_ALLOC,
                                       .stack = rec_stack(s, cfa),
                                       .object = (uint64_t)block,
                                       .version = rec_heap_counter_next(block),
                                       .a0 = size});
        rec_leave(s);
    }
    rec_heap_self.begun = block;
    errno = error;
}

static void tell_end(struct rec_stream *s, const void *block, size_t size, uint64_t version,
                     uint64_t cfa)
{
    if (!rec_config.heap)
        return;
    rec_access_ends(s, block, size);
    rec_emit(s, &(struct tr_event){.kind = TR_FREE,
                                   .stack = rec_stack(s, cfa),
                                   .object = (uint64_t)block,
                                   .version = version,
                                   .a0 = size});
}

void rec_block_ends_slow(const void *block, size_t size, uint64_t cfa)
{
    bool told = rec_heap_self.ending == block;
    if (told && !rec_real_own_new) /* else how large it is was not known then */
        return;
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        if (!told)
            tell_end(s, block, size, rec_config.heap ? rec_heap_counter_next(block) : 0, cfa);
        if (rec_objects_maybe_in(block, size))
            rec_objects_end_in(s, block, size, TR_END_FREE, cfa);
        rec_leave(s);
    }
    errno = error;
}

struct rec_resizing rec_resize_begin(const void *block)
{
    struct rec_resizing resizing = {.block = NULL};
    rec_heap_self.begun = NULL;
    if (!block || !rec_live.on)
        return resizing;
    if (rec_heap_self.ending == block) {
        resizing.nested = true;
        return resizing;
    }
    rec_heap_self.ending = block;
    resizing.block = block;
    resizing.size = rec_real.malloc_usable_size((void *)block);
    resizing.version = rec_config.heap ? rec_heap_counter_next(block) : 0;
    if (rec_objects_maybe_in(block, resizing.size))
        rec_objects_note_in(block, resizing.size);
    return resizing;
}

/* Another thread may have got the old block meanwhile, with locks of its own in it: those that are
 * not as they were noted are not touched. */
static void moved(struct rec_stream *s, const struct rec_resizing *old, uint64_t cfa)
{
    tell_end(s, old->block, old->size, old->version, cfa);
    if (rec_objects_maybe_in(old->block, old->size))
        rec_objects_end_noted_in(s, old->block, old->size, TR_END_FREE, cfa);
}

static void stayed(struct rec_stream *s, const struct rec_resizing *old, size_t size, uint64_t cfa)
{
    if (!rec_config.heap)
        return;
    forget(s, old->block, size);
    rec_emit(s, &(struct tr_event){.kind = TR_ALLOC,
                                   .mode = TR_HEAP_RESIZED,
                                   .stack = rec_stack(s, cfa),
                                   .object = (uint64_t)old->block,
                                   .version = old->version,
                                   .a0 = size});
}

void rec_resize_end(const struct rec_resizing *old, const void *fresh, size_t size, uint64_t cfa)
{
    if (old->nested)
        return;
    bool gone = fresh ? fresh != old->block : !size;
    if (old->block) {
        rec_block_ended(old->block);
        int error = errno;
        struct rec_stream *s = rec_enter();
        if (s) {
            if (gone)
                moved(s, old, cfa);
            else
                stayed(s, old, fresh ? size : old->size, cfa);
            rec_leave(s);
        }
        errno = error;
    }
    if (gone && rec_heap_self.begun != fresh)
        rec_block_begins(fresh, size, cfa);
}

void rec_heap_unseen(struct rec_stream *s)
{
    static const char reason[] =
        "its blocks of memory come from an allocator of its own, and are not recorded";
    if (rec_real_own_heap)
        rec_module_program_lacks(s, reason);
}
