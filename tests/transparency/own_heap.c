/* SPDX-License-Identifier: Apache-2.0 */
/* A program with an allocator of its own, as one that has been linked into it: ours is never asked.
 */
#define _GNU_SOURCE
#include "say.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HEAP = 64 << 20, ALIGN = 16 };

static pthread_mutex_t heap_mutex = PTHREAD_MUTEX_INITIALIZER;
static char *heap;
static size_t heap_used;
static int frees;

static void *take(size_t size)
{
    size = (size + 2 * ALIGN - 1) & ~(size_t)(ALIGN - 1);
    pthread_mutex_lock(&heap_mutex);
    if (!heap)
        heap = mmap(NULL, HEAP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *block = heap_used + size > HEAP || size < ALIGN ? NULL : heap + heap_used;
    heap_used += block ? size : 0;
    pthread_mutex_unlock(&heap_mutex);
    if (!block) {
        errno = ENOMEM;
        return NULL;
    }
    *(size_t *)block = size - ALIGN;
    return block + ALIGN;
}

void *malloc(size_t size)
{
    return take(size);
}

void *calloc(size_t count, size_t size)
{
    return size && count > HEAP / size ? take(SIZE_MAX) : take(count * size);
}

void free(void *block)
{
    __atomic_add_fetch(&frees, block != NULL, __ATOMIC_RELAXED);
}

void *realloc(void *block, size_t size)
{
    char *fresh = take(size);
    size_t old = block ? ((size_t *)((char *)block - ALIGN))[0] : 0;
    if (fresh && block)
        memcpy(fresh, block, old < size ? old : size);
    return fresh;
}

static void *works(void *unused)
{
    for (int i = 0; i < 500; i++) {
        char *text = strdup("text");
        text = realloc(text, 100);
        MUST(!strcmp(text, "text"));
        free(text);
    }
    return unused;
}

int main(void)
{
    pthread_t thread = make_thread(works, NULL);
    works(NULL);
    pthread_join(thread, NULL);
    SAY(malloc(SIZE_MAX / 2));
    printf("%d\n", frees >= 1000);
    return 0;
}
