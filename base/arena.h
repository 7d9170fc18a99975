/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once. Strings and small structures of a report or a trace live
 * in the arena of their owner; nobody frees them one by one. Out of memory ends the process: the
 * offline half has nothing sensible to do without it.
 *
 *     struct sn_arena arena = {0};
 *     char *name = sn_strdup(&arena, "chopstick_a");
 *     sn_arena_release(&arena);
 */
#ifndef SN_BASE_ARENA_H
#define SN_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct sn_arena_block;

struct sn_arena { /* all zero is an empty arena */
    struct sn_arena_block *block;
};

/* SIZE bytes, zeroed, aligned for any object. */
void *sn_alloc(struct sn_arena *arena, size_t size);
/* Copies of TEXT; NULL stays NULL. */
char *sn_strdup(struct sn_arena *arena, const char *text);
char *sn_strndup(struct sn_arena *arena, const char *text, size_t length);
char *sn_sprintf(struct sn_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sn_arena_release(struct sn_arena *arena);

#define SN_NEW(arena, type)          ((type *)sn_alloc((arena), sizeof(type)))
#define SN_NEW_ARRAY(arena, type, n) ((type *)sn_alloc((arena), sizeof(type) * (n)))

/* malloc and realloc that do not return NULL. */
void *sn_malloc(size_t size);
/* How many bytes can still be had: what the machine, the control group and the limit of this
 * process have left, whichever is least. */
uint64_t sn_memory_left(void);
void *sn_calloc(size_t count, size_t size);
void *sn_realloc(void *old, size_t size);
/* OLD (malloc'd, or NULL) of OLD_SIZE bytes becomes SIZE bytes, zeroed behind the old ones. A large
 * table that is hit at random misses the TLB with each hit: it comes to lie on huge pages. */
void *sn_grow_zeroed(void *old, size_t old_size, size_t size);
/* vec_cover, for any type. */
void *sn_cover(void *at, size_t *count, size_t i, size_t size);

#endif
