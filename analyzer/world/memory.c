/* SPDX-License-Identifier: Apache-2.0 */
/* Cells lie in chunks of 32, made on first use, under regions of 64 KiB of the program's memory: a
 * large block that nobody touched costs one look-up for each region. */
#include "analyzer/world/memory.h"

#include "analyzer/world/heap.h"
#include "analyzer/world/order.h"

enum {
    GRANULE_SHIFT = 3,
    CHUNK_SHIFT = 8, /* 32 granules */
    REGION_SHIFT = 16,
    CHUNK_CELLS = 1 << (CHUNK_SHIFT - GRANULE_SHIFT),
    REGION_CHUNKS = 1 << (REGION_SHIFT - CHUNK_SHIFT),
    PLACES_KEPT = 3,           /* of one thread, of one kind, in one granule */
    ACCESSES_KEPT = 256,       /* in one granule; more than that lose the oldest */
    RANGE_LOOKED_AT = 64 << 20 /* of one access: its first bytes */
};

struct chunk {
    struct an_cell cells[CHUNK_CELLS];
};

struct an_region {
    struct chunk *chunks[REGION_CHUNKS];
};

static struct an_region *region_of(struct an_memory *memory, uint64_t address, bool make)
{
    uint64_t number = address >> REGION_SHIFT;
    if (memory->latest && memory->latest_number == number)
        return memory->latest;
    uint64_t *found =
        make ? sn_map_at(&memory->regions, number) : sn_map_find(&memory->regions, number);
    if (!found)
        return NULL;
    if (!*found)
        *found = (uintptr_t)SN_NEW(&memory->arena, struct an_region);
    memory->latest_number = number;
    return memory->latest = (struct an_region *)(uintptr_t)*found;
}

static struct an_cell *cell_at(struct an_memory *memory, uint64_t address)
{
    struct an_region *region = region_of(memory, address, true);
    struct chunk **chunk = &region->chunks[address >> CHUNK_SHIFT & (REGION_CHUNKS - 1)];
    if (!*chunk)
        *chunk = SN_NEW(&memory->arena, struct chunk);
    return &(*chunk)->cells[address >> GRANULE_SHIFT & (CHUNK_CELLS - 1)];
}

/* Lists. ----------------------------------------------------------------------------------------
 */

static void give_back(struct an_memory *memory, struct an_access *list, unsigned room)
{
    if (!room)
        return;
    list->past = (struct an_snapshot *)memory->spare[room];
    memory->spare[room] = list;
}

static void grow(struct an_memory *memory, struct an_cell *cell)
{
    unsigned room = cell->room + 1u;
    struct an_access *list = memory->spare[room];
    if (list)
        memory->spare[room] = (struct an_access *)list->past;
    else
        list = sn_alloc(&memory->arena, sizeof *list << (room - 1));
    if (cell->count)
        memcpy(list, cell->at, cell->count * sizeof *list);
    give_back(memory, cell->at, cell->room);
    cell->at = list;
    cell->room = (uint8_t)room;
}

static void take_out(struct an_cell *cell, unsigned i)
{
    an_snapshot_drop(cell->at[i].past);
    cell->at[i] = cell->at[--cell->count];
}

static void clear_cell(struct an_memory *memory, struct an_cell *cell)
{
    while (cell->count)
        take_out(cell, cell->count - 1u);
    give_back(memory, cell->at, cell->room);
    *cell = (struct an_cell){0};
}

static void put_in(struct an_memory *memory, struct an_cell *cell, const struct an_access *access)
{
    if (cell->count == ACCESSES_KEPT) {
        unsigned oldest = 0;
        for (unsigned i = 1; i < cell->count; i++)
            if (cell->at[i].index < cell->at[oldest].index)
                oldest = i;
        take_out(cell, oldest);
    }
    if (!cell->room || cell->count == 1u << (cell->room - 1))
        grow(memory, cell);
    cell->at[cell->count] = *access;
    if (access->past)
        an_snapshot_keep(access->past);
    cell->count++;
}

/* One granule. ----------------------------------------------------------------------------------
 */

/* What is used atomically once is so by whatever else may be atomic. */
static bool conflict(const struct an_access *a, const struct an_access *b)
{
    enum { ATOMIC = AN_ATOMIC | AN_MAY_BE_ATOMIC };
    bool atomic = a->flags & ATOMIC && b->flags & ATOMIC && (a->flags | b->flags) & AN_ATOMIC;
    return ((a->flags | b->flags) & AN_WRITE) && !atomic;
}

/* Does every access that conflicts with OLD conflict with NEW? */
static bool covers(const struct an_access *new, const struct an_access *old)
{
    return (new->flags &AN_WRITE) >= (old->flags & AN_WRITE) &&
           (new->flags &AN_ATOMIC) <= (old->flags & AN_ATOMIC) &&
           (new->flags &AN_MAY_BE_ATOMIC) <= (old->flags & AN_MAY_BE_ATOMIC);
}

static bool same_kind(const struct an_access *a, const struct an_access *b)
{
    return !((a->flags ^ b->flags) & (AN_WRITE | AN_ATOMIC | AN_MAY_BE_ATOMIC));
}

static void tell(struct an_conflicts *conflicts, const struct an_access *old,
                 const struct an_access *new, uint64_t granule)
{
    unsigned first = (unsigned)__builtin_ctz(old->mask & new->mask);
    *vec_push(&conflicts->of) = (struct an_conflict){.old = *old, .address = granule + first};
}

/* Says which of the conflicts from FIRST on is the last write of its bytes. */
static void mark_latest(struct an_conflicts *conflicts, size_t first, uint64_t latest)
{
    for (size_t i = first; latest && i < conflicts->of.count; i++)
        conflicts->of.at[i].latest = conflicts->of.at[i].old.index == latest;
}

static void access_cell(struct an_memory *memory, struct an_cell *cell,
                        const struct an_clock *clock, const struct an_access *new, uint64_t granule,
                        struct an_conflicts *conflicts)
{
    size_t first = conflicts->of.count;
    uint64_t latest = 0;
    unsigned places = 0;
    for (unsigned i = cell->count; i-- > 0;) {
        struct an_access *old = &cell->at[i];
        if (!(old->mask & new->mask))
            continue;
        if ((old->flags & AN_WRITE) && old->index > latest)
            latest = old->index;
        bool own = old->slot == new->slot;
        if (!own && old->clock > an_clock_get(clock, old->slot)) {
            if (conflict(old, new))
                tell(conflicts, old, new, granule);
            continue;
        }
        if (!covers(new, old))
            continue;
        if (own && same_kind(old, new) && old->stack != new->stack && ++places < PLACES_KEPT)
            continue;
        old->mask &= (uint8_t) ~new->mask;
        if (!old->mask)
            take_out(cell, i);
    }
    if (conflicts->of.count > first)
        mark_latest(conflicts, first, latest);
    put_in(memory, cell, new);
}

/* A damaged trace may name ranges beyond the end of memory. */
static uint64_t end_of(uint64_t address, uint64_t size)
{
    return address + size < address ? UINT64_MAX & ~UINT64_C(7) : address + size;
}

static unsigned mask_of(uint64_t granule, uint64_t address, uint64_t end)
{
    unsigned mask = 0xff;
    if (address > granule)
        mask &= 0xffu << (address - granule);
    if (end < granule + 8)
        mask &= 0xffu >> (granule + 8 - end);
    return mask & 0xff;
}

void an_memory_access(struct an_memory *memory, const struct an_heap *heap,
                      const struct an_order *order, const struct an_thread *thread,
                      struct an_access *access, uint64_t address, uint64_t size,
                      struct an_conflicts *conflicts)
{
    const struct an_clock *clock = &an_order_past(order, thread)->hb;
    uint64_t end = end_of(address, size < RANGE_LOOKED_AT ? size : RANGE_LOOKED_AT);
    vec_clear(&conflicts->of);
    for (uint64_t granule = address & ~UINT64_C(7); granule < end; granule += 8) {
        struct an_cell *cell = cell_at(memory, granule);
        if (!cell->count) {
            const struct an_block *block = an_heap_block(heap, granule);
            if (block && block->freed)
                put_in(memory, cell, &block->free);
        }
        access->mask = (uint8_t)mask_of(granule, address, end);
        access_cell(memory, cell, clock, access, granule, conflicts);
    }
}

typedef void for_each_cell(void *data, struct an_cell *cell, uint64_t granule);

/* The cells of REGION, which begins at BASE, that overlap [ADDRESS, END). */
static void visit_region(struct an_region *region, uint64_t base, uint64_t address, uint64_t end,
                         for_each_cell *visitor, void *data)
{
    for (unsigned i = 0; i < REGION_CHUNKS; i++) {
        uint64_t chunk = base + ((uint64_t)i << CHUNK_SHIFT);
        if (!region->chunks[i] || chunk >= end || chunk + ((1u << CHUNK_SHIFT) - 1) < address)
            continue;
        for (unsigned k = 0; k < CHUNK_CELLS; k++) {
            uint64_t granule = chunk + ((uint64_t)k << GRANULE_SHIFT);
            if (granule < end && granule + 7 >= address)
                visitor(data, &region->chunks[i]->cells[k], granule);
        }
    }
}

/* Calls VISITOR for every cell in use that overlaps [ADDRESS, END). */
static void visit(struct an_memory *memory, uint64_t address, uint64_t end, for_each_cell *visitor,
                  void *data)
{
    uint64_t first = address >> REGION_SHIFT, last = (end - 1) >> REGION_SHIFT;
    if (end <= address)
        return;
    if (last - first < memory->regions.count) {
        for (uint64_t number = first; number <= last; number++) {
            struct an_region *region = region_of(memory, number << REGION_SHIFT, false);
            if (region)
                visit_region(region, number << REGION_SHIFT, address, end, visitor, data);
        }
        return;
    }
    size_t cursor = 0; /* more addresses than memory in use */
    for (struct sn_map_slot *slot; (slot = sn_map_next(&memory->regions, &cursor));)
        if (slot->key >= first && slot->key <= last)
            visit_region((struct an_region *)(uintptr_t)slot->value, slot->key << REGION_SHIFT,
                         address, end, visitor, data);
}

struct freeing {
    struct an_memory *memory;
    const struct an_clock *clock;
    struct an_access *access;
    uint64_t address, end;
    struct an_conflicts *conflicts;
};

static void free_cell(void *data, struct an_cell *cell, uint64_t granule)
{
    struct freeing *freeing = data;
    if (!cell->count)
        return;
    freeing->access->mask = (uint8_t)mask_of(granule, freeing->address, freeing->end);
    for (unsigned i = 0; i < cell->count; i++) {
        struct an_access *old = &cell->at[i];
        bool past = old->slot == freeing->access->slot ||
                    old->clock <= an_clock_get(freeing->clock, old->slot);
        if (!past && (old->mask & freeing->access->mask))
            tell(freeing->conflicts, old, freeing->access, granule);
    }
    clear_cell(freeing->memory, cell);
}

static void forget_cell(void *memory, struct an_cell *cell, uint64_t granule)
{
    (void)granule;
    if (cell->room)
        clear_cell(memory, cell);
    cell->number = cell->sight = 0;
}

void an_memory_free(struct an_memory *memory, const struct an_order *order,
                    const struct an_thread *thread, struct an_access *access, uint64_t address,
                    uint64_t size, struct an_conflicts *conflicts)
{
    uint64_t end = end_of(address, size);
    struct freeing freeing = {memory,   &an_order_past(order, thread)->hb, access, address, end,
                              conflicts};
    vec_clear(&conflicts->of);
    visit(memory, address, end, free_cell, &freeing);
}

void an_memory_forget(struct an_memory *memory, uint64_t address, uint64_t size)
{
    visit(memory, address, end_of(address, size), forget_cell, memory);
}

uint32_t *an_memory_number(struct an_memory *memory, uint64_t address)
{
    return &cell_at(memory, address)->number;
}

struct an_cell *an_memory_cell(struct an_memory *memory, uint64_t address)
{
    return cell_at(memory, address);
}

void an_memory_visit(struct an_memory *memory, uint64_t address, uint64_t size,
                     void (*visitor)(void *data, struct an_cell *cell, uint64_t granule),
                     void *data)
{
    visit(memory, address, end_of(address, size), visitor, data);
}

static void release_chunk(struct chunk *chunk)
{
    for (unsigned i = 0; i < CHUNK_CELLS; i++)
        for (unsigned k = 0; k < chunk->cells[i].count; k++)
            an_snapshot_drop(chunk->cells[i].at[k].past);
}

void an_memory_release(struct an_memory *memory)
{
    size_t cursor = 0;
    struct sn_map_slot *slot;
    while ((slot = sn_map_next(&memory->regions, &cursor))) {
        struct an_region *region = (struct an_region *)(uintptr_t)slot->value;
        for (unsigned i = 0; i < REGION_CHUNKS; i++)
            if (region->chunks[i])
                release_chunk(region->chunks[i]);
    }
    sn_map_release(&memory->regions);
    sn_arena_release(&memory->arena);
}
