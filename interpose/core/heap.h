/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lives of blocks of memory, told to the trace where accesses are recorded. A block that ends
 * always ends the locks in it. The order of lives at one address is a number of its counter: taken
 * before the real free, after the real allocation.
 *
 * One allocation function may call another that is hooked as well (operator new calls malloc,
 * reallocarray calls realloc) or may not (where an allocator stands in for both): a block that the
 * inner one has told is not told again by the outer one, and the other way round for its end.
 *
 *     rec_block_ends(block, rec_here());           before the real free
 *     rec_block_ended(block);                      behind a real function that may call free
 *     rec_block_begins(block, size, rec_here());   after the real malloc
 */
#ifndef REC_CORE_HEAP_H
#define REC_CORE_HEAP_H

#include "interpose/core/rec.h"

extern __thread struct rec_heap_self {
    const void *begun;  /* what this thread told last */
    const void *ending; /* whose end it has told, and is about to bring about */
} rec_heap_self __attribute__((tls_model("initial-exec")));

void rec_block_begins_slow(const void *block, size_t size, uint64_t cfa);
void rec_block_ends_slow(const void *block, size_t size, uint64_t cfa);

/* Are blocks told? */
static inline bool rec_heap_told(void)
{
    return rec_unlikely(rec_live.on && rec_config.heap);
}

static inline void rec_block_begins(const void *block, size_t size, uint64_t cfa)
{
    if (rec_heap_told() && block)
        rec_block_begins_slow(block, size, cfa);
    else if (block)
        rec_unsafe("malloc", cfa);
}

static inline void rec_block_ends(const void *block, uint64_t cfa)
{
    if (!rec_live.on)
        return;
    size_t size = rec_real.malloc_usable_size((void *)block); /* 0: nobody knows */
    if (!rec_config.heap)
        rec_unsafe("free", cfa);
    if (rec_config.heap || rec_unlikely(rec_objects_maybe_in(block, size)))
        rec_block_ends_slow(block, size, cfa);
}

/* The same for what operator delete is given, which may lie in a heap of its own. */
static inline void rec_new_block_ends(const void *block, uint64_t cfa)
{
    if (rec_likely(!rec_real_own_new))
        rec_block_ends(block, cfa);
    else if (rec_heap_told())
        rec_block_ends_slow(block, 0, cfa);
}

static inline void rec_block_ended(const void *block)
{
    if (rec_heap_self.ending == block)
        rec_heap_self.ending = NULL;
}

/* What became of a block that is resized is known only afterwards. */
struct rec_resizing {
    const void *block; /* NULL: nothing to tell of its end */
    bool nested;       /* within a function that tells */
    size_t size;
    uint64_t version;
};

struct rec_resizing rec_resize_begin(const void *block);
void rec_resize_end(const struct rec_resizing *resizing, const void *fresh, size_t size,
                    uint64_t cfa);

#endif
