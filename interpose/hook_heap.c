/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's heap, or that of the allocator that stands in for it. What is told of a block's
 * life is in core/heap.c.
 *
 * dlsym, which finds the real functions, may allocate itself: until they are known, a small arena
 * answers. An allocator that is preloaded behind us may be the one whose first lock makes us look
 * for them: it must not be called then.
 */
#include "interpose/core/heap.h"

enum { EARLY = 64 * 1024, ALIGN = 16 };

static _Alignas(ALIGN) char early[EARLY];
static uint32_t early_used;

static void *early_alloc(size_t size)
{
    if (size > EARLY)
        return NULL;
    uint32_t room = ((uint32_t)size + ALIGN + ALIGN - 1) & ~(ALIGN - 1u);
    uint32_t at = __atomic_load_n(&early_used, __ATOMIC_RELAXED);
    do
        if (at + room > EARLY)
            return NULL;
    while (!__atomic_compare_exchange_n(&early_used, &at, at + room, 0, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    *(size_t *)(early + at) = size;
    return early + at + ALIGN;
}

static bool is_early(const void *block)
{
    return (uint64_t)block - (uint64_t)early < EARLY;
}

static size_t early_size(const void *block)
{
    return *(const size_t *)((const char *)block - ALIGN);
}

/* The allocator is known, or was just made known; false while that goes on in this thread. */
static bool ready(void)
{
    if (rec_likely(rec_real_resolved))
        return true;
    if (rec_real_resolving)
        return false;
    rec_real_resolve();
    return true;
}

REC_EXPORT void *malloc(size_t size)
{
    if (rec_unlikely(!ready()))
        return early_alloc(size);
    void *block = rec_real.malloc(size);
    rec_block_begins(block, size, rec_here());
    return block;
}

REC_EXPORT void *calloc(size_t count, size_t size)
{
    if (rec_unlikely(!ready()))
        return size && count > EARLY / size ? NULL : early_alloc(count * size);
    void *block = rec_real.calloc(count, size);
    rec_block_begins(block, count * size, rec_here());
    return block;
}

REC_EXPORT void free(void *block)
{
    if (!block || rec_unlikely(is_early(block)) || rec_unlikely(!ready()))
        return;
    rec_block_ends(block, rec_here());
    rec_real.free(block);
}

static void *realloc_early(void *block, size_t size)
{
    char *fresh = ready() ? rec_real.malloc(size) : early_alloc(size);
    size_t old = early_size(block);
    for (size_t i = 0; fresh && i < old && i < size; i++)
        fresh[i] = ((const char *)block)[i];
    return fresh;
}

REC_EXPORT void *realloc(void *block, size_t size)
{
    if (rec_unlikely(is_early(block)))
        return realloc_early(block, size);
    if (rec_unlikely(!ready()))
        return early_alloc(size);
    struct rec_resizing resizing = rec_resize_begin(block);
    void *fresh = rec_real.realloc(block, size);
    rec_resize_end(&resizing, fresh, size, rec_here());
    return fresh;
}

/* The C library's calls realloc, where the overflow has been looked for. */
REC_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    if (rec_unlikely(!ready()))
        return NULL;
    size_t all;
    if (is_early(block) || __builtin_mul_overflow(count, size, &all))
        return rec_real.reallocarray(block, count, size);
    struct rec_resizing resizing = rec_resize_begin(block);
    void *fresh = rec_real.reallocarray(block, count, size);
    rec_resize_end(&resizing, fresh, all, rec_here());
    return fresh;
}

REC_EXPORT void *memalign(size_t alignment, size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.memalign(alignment, size);
    rec_block_begins(block, size, rec_here());
    return block;
}

REC_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.aligned_alloc(alignment, size);
    rec_block_begins(block, size, rec_here());
    return block;
}

REC_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (!ready())
        return ENOMEM;
    int error = rec_real.posix_memalign(block, alignment, size);
    if (!error)
        rec_block_begins(*block, size, rec_here());
    return error;
}

REC_EXPORT void *valloc(size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.valloc(size);
    rec_block_begins(block, size, rec_here());
    return block;
}

REC_EXPORT void *pvalloc(size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.pvalloc(size);
    rec_block_begins(block, size, rec_here());
    return block;
}
