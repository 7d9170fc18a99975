/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap, and mapped pages: which block holds an address, who made it and where; and, until its
 * memory is used again, who freed or unmapped it.
 */
#ifndef SN_ANALYZER_WORLD_HEAP_H
#define SN_ANALYZER_WORLD_HEAP_H

#include "analyzer/world/memory.h"
#include "analyzer/world/ranges.h"
#include "trace/event.h"

struct an_world;

struct an_block {
    uint64_t start, size;
    uint32_t stack, thread; /* of the allocation */
    bool freed;
    bool mapped;           /* pages, by mmap */
    struct an_access free; /* a write of the whole block */
    struct an_block *next; /* among the spare ones */
};

struct an_heap {
    struct an_ranges blocks;
    struct an_ranges maps; /* pages; blocks may lie in them */
    struct an_ranges gone; /* pages that were unmapped, as far as nothing is known there since */
    struct an_block *spare;
};

/* ALLOC, FREE. */
void an_heap_event(struct an_world *world, const struct tr_event *ev);
/* The block that holds ADDRESS, living or freed; else the mapping, or the one that was there; or
 * NULL. */
const struct an_block *an_heap_block(const struct an_heap *heap, uint64_t address);
/* No block in [START, START + SIZE) is known any longer, nor any mapping that was there. */
void an_heap_forget(struct an_world *world, uint64_t start, uint64_t size);
void an_heap_release(struct an_heap *heap);

#endif
