/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who accessed which byte last: for each granule of 8 bytes a short list of accesses, each with a
 * mask of the bytes that it still stands for.
 *
 * A new access drops from the list what it makes superfluous: older accesses of the same bytes that
 * happened before it and conflict with no more than it does itself (a plain write conflicts with
 * everything, a plain read or an atomic write with less, an atomic read with least). Whatever races
 * with a dropped one races with the new one. A few accesses by one thread from different places are
 * kept side by side, so that which pairs of places are told does not hang on who came first.
 */
#ifndef SN_ANALYZER_WORLD_MEMORY_H
#define SN_ANALYZER_WORLD_MEMORY_H

#include "analyzer/world/clock.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

struct an_heap;
struct an_order;
struct an_thread;

enum an_access_flags {
    AN_WRITE = 1 << 0,
    AN_ATOMIC = 1 << 1,
    AN_FREE = 1 << 2, /* a write: the block was freed */
    AN_MAY_BE_ATOMIC = 1 << 3,
    AN_SOURCE_UNKNOWN = 1 << 4, /* a read: nobody knows of which write */
};

struct an_access {
    uint64_t clock, index;
    struct an_snapshot *past; /* of writes; NULL for reads */
    uint32_t thread, slot;    /* thread: an_thread.index */
    uint32_t stack, lockset;
    uint32_t size; /* of the whole access */
    uint8_t mask, flags;
    uint16_t since; /* its thread's epoch began: by the clock; UINT16_MAX: so much or more */
};

/* An earlier access that the new one conflicts with and that did not happen before it. */
struct an_conflict {
    struct an_access old;
    uint64_t address; /* the first byte that both touch */
    bool latest;      /* OLD is the last write of these bytes */
};

struct an_conflicts {
    VEC(struct an_conflict) of;
};

struct an_cell {
    struct an_access *at;
    uint32_t number; /* whoever follows the memory's own; forgotten with it */
    uint32_t sight;  /* the same, of sights.h */
    uint16_t count;
    uint8_t room; /* a power of two: its exponent plus one; 0: none */
};

struct an_region;

struct an_memory {
    struct sn_map regions; /* by address >> 16 */
    struct an_region *latest;
    uint64_t latest_number;
    struct an_access *spare[12]; /* lists by room, linked through `past` */
    struct sn_arena arena;
};

/* THREAD makes ACCESS (mask is filled in here) of SIZE bytes at ADDRESS. Fills CONFLICTS (cleared
 * first). Of more than 64 MiB only the beginning is looked at. */
void an_memory_access(struct an_memory *memory, const struct an_heap *heap,
                      const struct an_order *order, const struct an_thread *thread,
                      struct an_access *access, uint64_t address, uint64_t size,
                      struct an_conflicts *conflicts);
/* The same for a free: only what was accessed counts, and is forgotten then. */
void an_memory_free(struct an_memory *memory, const struct an_order *order,
                    const struct an_thread *thread, struct an_access *access, uint64_t address,
                    uint64_t size, struct an_conflicts *conflicts);
void an_memory_forget(struct an_memory *memory, uint64_t address, uint64_t size);
/* Where a number is kept with ADDRESS's granule, 0 at first: order.h's first atomic there, in a
 * world that follows no order the collector's granule. */
uint32_t *an_memory_number(struct an_memory *memory, uint64_t address);
struct an_cell *an_memory_cell(struct an_memory *memory, uint64_t address);
/* Calls VISITOR for each cell that was used and overlaps [ADDRESS, ADDRESS + SIZE). */
void an_memory_visit(struct an_memory *memory, uint64_t address, uint64_t size,
                     void (*visitor)(void *data, struct an_cell *cell, uint64_t granule),
                     void *data);
void an_memory_release(struct an_memory *memory);

#endif
