/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20 };

enum { BLOCK = 64 * 1024, ALIGN = 16 };

struct sn_arena_block {
    struct sn_arena_block *next;
    size_t used, size;
    _Alignas(ALIGN) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    fputs("snarl: out of memory\n", stderr);
    _Exit(2);
}

/* The number that stands behind NAME in a file of the system; MISSING if there is none. */
static uint64_t number_in(const char *path, const char *name, uint64_t missing)
{
    char line[256];
    unsigned long long number = missing;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%llu", &number) == 1)
            break;
    if (file)
        fclose(file);
    return number;
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

uint64_t sn_memory_left(void)
{
    uint64_t left = UINT64_MAX;
    uint64_t kilobytes = number_in("/proc/meminfo", "MemAvailable:", UINT64_MAX >> 10);
    uint64_t most = number_in("/sys/fs/cgroup/memory.max", "", UINT64_MAX);
    struct rlimit limit;
    if (kilobytes << 10 < left)
        left = kilobytes << 10;
    if (most != UINT64_MAX) {
        uint64_t group = less(most, number_in("/sys/fs/cgroup/memory.current", "", 0));
        left = group < left ? group : left;
    }
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        uint64_t pages = number_in("/proc/self/statm", "", 0);
        uint64_t own = less(limit.rlim_cur, pages * (uint64_t)sysconf(_SC_PAGESIZE));
        left = own < left ? own : left;
    }
    return left;
}

void *sn_malloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *sn_calloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *sn_realloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *sn_alloc(struct sn_arena *arena, size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct sn_arena_block *block = arena->block;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        block = sn_calloc(1, sizeof *block + room);
        block->size = room;
        block->next = arena->block;
        arena->block = block;
    }
    void *p = block->bytes + block->used;
    block->used += size;
    return p;
}

char *sn_strndup(struct sn_arena *arena, const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = sn_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *sn_strdup(struct sn_arena *arena, const char *text)
{
    return text ? sn_strndup(arena, text, strlen(text)) : NULL;
}

char *sn_sprintf(struct sn_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = sn_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(args);
    va_end(again);
    return text;
}

void sn_arena_release(struct sn_arena *arena)
{
    while (arena->block) {
        struct sn_arena_block *next = arena->block->next;
        free(arena->block);
        arena->block = next;
    }
}

/* Has the whole pages between FROM and TO mapped in one go: a fault for each costs more than what
 * is done with them. */
static void populate(char *from, char *to)
{
    const uintptr_t page = 4096;
    uintptr_t start = ((uintptr_t)from + page - 1) & ~(page - 1), end = (uintptr_t)to & ~(page - 1);
    if (end > start && end - start >= 16 * page)
        madvise((void *)start, end - start, MADV_POPULATE_WRITE); /* a wish, too */
}

void *sn_grow_zeroed(void *old, size_t old_size, size_t size)
{
    size_t rounded = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *new = size < HUGE_PAGE ? NULL : aligned_alloc(HUGE_PAGE, rounded);
    if (new) {
        madvise(new, rounded, MADV_HUGEPAGE); /* a wish */
        if (old_size)
            memcpy(new, old, old_size);
        free(old);
    } else {
        new = sn_realloc(old, size);
    }
    populate(new + old_size, new + size);
    memset(new + old_size, 0, size - old_size);
    return new;
}

void *sn_cover(void *at, size_t *count, size_t i, size_t size)
{
    size_t wanted = i < *count * 2 ? *count * 2 : i + 1;
    at = sn_grow_zeroed(at, *count * size, wanted * size);
    *count = wanted;
    return at;
}
