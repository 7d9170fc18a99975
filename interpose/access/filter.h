/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same-epoch filter: of a thread's accesses of one kind to one location within one epoch, only
 * the first reaches the trace. That loses no race: between the two accesses the thread did nothing
 * that orders it after or before another thread, so whatever races with the second races with the
 * first.
 *
 * A cell stands for one granule (8 aligned bytes). It holds, from the top: the granule's address
 * above the bits that choose the cell, the generation, which bytes were written, which were read.
 * An access is covered if all is equal and its bytes are there. A generation is one epoch of one
 * thread: raising it empties the filter at no cost. Addresses have 47 bits, as user space has
 * without five-level paging asked for by hint.
 *
 * The check sequence: cell = cells[(address >> 3) & mask]; covered if
 *     ((cell ^ (key(address) | generation)) with the bytes masked out) == 0 and bytes are in cell.
 */
#ifndef REC_ACCESS_FILTER_H
#define REC_ACCESS_FILTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REC_FILTER_BITS = 14,
    REC_FILTER_CELLS = 1 << REC_FILTER_BITS,
    REC_GENERATION_BITS = 64 - 16 - (47 - 3 - REC_FILTER_BITS),
    REC_GENERATION_MASK = (1 << REC_GENERATION_BITS) - 1,
};

struct rec_filter {
    uint64_t generation; /* in its place in the cell */
    uint64_t count;      /* generations so far, never the same again */
    uint64_t cells[REC_FILTER_CELLS];
};

static inline uint64_t *rec_filter_cell(struct rec_filter *filter, uint64_t address)
{
    return &filter->cells[address >> 3 & (REC_FILTER_CELLS - 1)];
}

static inline uint64_t rec_filter_key(const struct rec_filter *filter, uint64_t address)
{
    return address >> (3 + REC_FILTER_BITS) << (16 + REC_GENERATION_BITS) | filter->generation;
}

/* Bytes SIZE from ADDRESS, all in one granule: as they stand in a cell. */
static inline uint64_t rec_filter_bytes(uint64_t address, unsigned size, bool write)
{
    return ((1ull << size) - 1) << (address & 7) << (write ? 8 : 0);
}

static inline bool rec_filter_covers(struct rec_filter *filter, uint64_t address, uint64_t bytes)
{
    uint64_t differs =
        *rec_filter_cell(filter, address) ^ (rec_filter_key(filter, address) | bytes);
    return !(differs & (~0xffffull | bytes));
}

static inline void rec_filter_add(struct rec_filter *filter, uint64_t address, uint64_t bytes)
{
    uint64_t *cell = rec_filter_cell(filter, address), key = rec_filter_key(filter, address);
    *cell = (*cell & ~0xffffull) == key ? *cell | bytes : key | bytes;
}

/* Empties the filter: a new epoch, or another thread. */
static inline void rec_filter_next(struct rec_filter *filter)
{
    if (!(++filter->count & REC_GENERATION_MASK)) { /* the numbers start again: so do the cells */
        filter->count++;
        for (unsigned i = 0; i < REC_FILTER_CELLS; i++)
            filter->cells[i] = 0;
    }
    filter->generation = (filter->count & REC_GENERATION_MASK) << 16;
}

#endif
