/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap. Blocks are told to the trace where accesses are recorded; a block that is freed always
 * ends the locks in it. The order of a block's lives is a number of its counter: taken before the
 * real free, after the real allocation.
 *
 * dlsym, which finds the real functions, may allocate itself: until they are known, a small arena
 * answers.
 */
#include "interpose/core/rec.h"

enum { EARLY = 64 * 1024, ALIGN = 16 };

static _Alignas(ALIGN) char early[EARLY];
static uint32_t early_used;

static void *early_alloc(size_t size)
{
    size_t room = (size + ALIGN + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    uint32_t at = __atomic_fetch_add(&early_used, (uint32_t)room, __ATOMIC_RELAXED);
    if (size > EARLY || at + room > EARLY)
        return NULL;
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
    static __thread bool resolving __attribute__((tls_model("initial-exec")));
    if (rec_likely(rec_real.malloc_usable_size != NULL))
        return true;
    if (resolving)
        return false;
    resolving = true;
    rec_real_resolve();
    resolving = false;
    return true;
}

static void told_alloc(void *block, size_t size, uint64_t cfa)
{
    if (rec_likely(!block || !rec_live.on || !rec_config.heap))
        return;
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    rec_access_forget(s, block, size);
    rec_emit(s, &(struct tr_event){.kind = TR_ALLOC,
                                   .stack = rec_stack(s, cfa),
                                   .object = (uint64_t)block,
                                   .version = rec_counter_next(block),
                                   .a0 = size});
    rec_leave(s);
}

static void tell_free(struct rec_stream *s, void *block, uint64_t version, size_t size,
                      uint64_t cfa)
{
    if (rec_config.heap)
        rec_emit(s, &(struct tr_event){.kind = TR_FREE,
                                       .stack = rec_stack(s, cfa),
                                       .object = (uint64_t)block,
                                       .version = version,
                                       .a0 = size});
    if (rec_objects_maybe_in(block, size))
        rec_objects_end_in(s, block, size, TR_END_FREE);
}

REC_EXPORT void *malloc(size_t size)
{
    if (rec_unlikely(!ready()))
        return early_alloc(size);
    void *block = rec_real.malloc(size);
    told_alloc(block, size, rec_here());
    return block;
}

REC_EXPORT void *calloc(size_t count, size_t size)
{
    if (rec_unlikely(!ready()))
        return size && count > EARLY / size ? NULL : early_alloc(count * size);
    void *block = rec_real.calloc(count, size);
    told_alloc(block, count * size, rec_here());
    return block;
}

REC_EXPORT void free(void *block)
{
    if (!block || rec_unlikely(is_early(block)))
        return;
    if (rec_unlikely(!ready()))
        return;
    if (rec_live.on) {
        size_t size = rec_real.malloc_usable_size(block);
        if (rec_config.heap || rec_objects_maybe_in(block, size)) {
            int error = errno;
            struct rec_stream *s = rec_enter();
            if (s) {
                tell_free(s, block, rec_config.heap ? rec_counter_next(block) : 0, size,
                          rec_here());
                rec_leave(s);
            }
            errno = error;
        }
    }
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

/* What became of BLOCK is known only afterwards, but its number must be taken before. */
REC_EXPORT void *realloc(void *block, size_t size)
{
    if (rec_unlikely(is_early(block)))
        return realloc_early(block, size);
    if (rec_unlikely(!ready()))
        return early_alloc(size);
    if (!block || !rec_live.on) {
        void *fresh = rec_real.realloc(block, size);
        told_alloc(fresh, size, rec_here());
        return fresh;
    }
    size_t old = rec_real.malloc_usable_size(block);
    uint64_t version = rec_config.heap ? rec_counter_next(block) : 0;
    void *fresh = rec_real.realloc(block, size);
    bool gone = fresh ? fresh != block : !size;
    int error = errno;
    struct rec_stream *s = rec_enter();
    if (s) {
        if (gone)
            tell_free(s, block, version, old, rec_here());
        else if (rec_config.heap) {
            rec_access_forget(s, block, fresh ? size : old);
            rec_emit(s, &(struct tr_event){.kind = TR_ALLOC,
                                           .mode = TR_HEAP_RESIZED,
                                           .stack = rec_stack(s, rec_here()),
                                           .object = (uint64_t)block,
                                           .version = version,
                                           .a0 = fresh ? size : old});
        }
        rec_leave(s);
    }
    if (gone)
        told_alloc(fresh, size, rec_here());
    errno = error;
    return fresh;
}

REC_EXPORT void *memalign(size_t alignment, size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.memalign(alignment, size);
    told_alloc(block, size, rec_here());
    return block;
}

REC_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    if (!ready())
        return NULL;
    void *block = rec_real.aligned_alloc(alignment, size);
    told_alloc(block, size, rec_here());
    return block;
}

REC_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (!ready())
        return ENOMEM;
    int error = rec_real.posix_memalign(block, alignment, size);
    if (!error)
        told_alloc(*block, size, rec_here());
    return error;
}
