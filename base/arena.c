/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
