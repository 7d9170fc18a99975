/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocators that are preloaded and have no malloc_usable_size: one for everything, or (OWN_NEW)
 * one for operator new alone. What stands in front of their blocks is nothing that the C library's
 * function of that name could take for a size of its own.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAP = 256 << 20, ALIGN = 16 };

struct head {
    size_t size;
    uint64_t nothing; /* as a chunk's size: far beyond all memory, and in use */
};

static void *take(size_t size)
{
    static char *heap;
    static size_t used;
    char *none = NULL;
    if (!__atomic_load_n(&heap, __ATOMIC_ACQUIRE)) {
        char *fresh = mmap(NULL, HEAP, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (fresh == MAP_FAILED || !__atomic_compare_exchange_n(&heap, &none, fresh, 0,
                                                                __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return NULL;
    }
    size_t room = (size + sizeof(struct head) + ALIGN - 1) & ~(size_t)(ALIGN - 1), at = 0;
    if (size > HEAP || (at = __atomic_fetch_add(&used, room, __ATOMIC_RELAXED)) + room > HEAP) {
        errno = ENOMEM;
        return NULL;
    }
    struct head *head = (struct head *)(heap + at);
    *head = (struct head){size, 0x4141414141414141};
    return head + 1;
}

#ifdef OWN_NEW
#define NEW(name)                                                                                  \
    void *name(size_t size);                                                                       \
    void *name(size_t size)                                                                        \
    {                                                                                              \
        return take(size);                                                                         \
    }
#define DELETE(name, ...)                                                                          \
    void name(__VA_ARGS__);                                                                        \
    void name(__VA_ARGS__)                                                                         \
    {                                                                                              \
    }

NEW(_Znwm)
NEW(_Znam)
DELETE(_ZdlPv, __attribute__((unused)) void *block)
DELETE(_ZdaPv, __attribute__((unused)) void *block)
DELETE(_ZdlPvm, __attribute__((unused)) void *block, __attribute__((unused)) size_t size)
DELETE(_ZdaPvm, __attribute__((unused)) void *block, __attribute__((unused)) size_t size)
#else
void *malloc(size_t size)
{
    return take(size);
}

void *calloc(size_t count, size_t size)
{
    return size && count > HEAP / size ? take(HEAP + 1) : take(count * size);
}

void free(void *block)
{
    if (block)
        ((struct head *)block)[-1].nothing--; /* still far beyond */
}

void *realloc(void *block, size_t size)
{
    char *fresh = take(size);
    size_t old = block ? ((struct head *)block)[-1].size : 0;
    if (fresh && block)
        memcpy(fresh, block, old < size ? old : size);
    return fresh;
}
#endif
