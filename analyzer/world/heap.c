/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/heap.h"

#include "analyzer/world/world.h"

/* Freed blocks of this size go back to the system, and their addresses to other uses than the
 * heap's (glibc's M_MMAP_THRESHOLD): nothing is concluded from their having been freed. */
enum { GIVEN_BACK = 128 * 1024 };

const struct an_block *an_heap_block(const struct an_heap *heap, uint64_t address)
{
    const struct an_range *range = an_ranges_at(&heap->blocks, address);
    if (!range)
        range = an_ranges_at(&heap->maps, address);
    if (!range)
        range = an_ranges_at(&heap->gone, address);
    return range ? range->value : NULL;
}

static void give_back(struct an_heap *heap, struct an_block *block)
{
    block->next = heap->spare;
    heap->spare = block;
}

static void drop(struct an_heap *heap, struct an_block *block)
{
    an_ranges_remove(&heap->blocks, block->start);
    an_snapshot_drop(block->free.past);
    give_back(heap, block);
}

static struct an_block *take(struct an_world *world)
{
    struct an_block *block = world->heap.spare;
    if (!block)
        return SN_NEW(&world->arena, struct an_block);
    world->heap.spare = block->next;
    return block;
}

static void ranges_insert(struct an_world *world, struct an_ranges *ranges,
                          const struct an_block *like, uint64_t start, uint64_t end)
{
    struct an_block *part = take(world);
    *part = *like;
    part->start = start;
    part->size = end - start;
    if (part->free.past)
        an_snapshot_keep(part->free.past);
    an_ranges_insert(ranges, start, part->size, part);
}

/* Pages: a part of a mapping may end, or get another one over it, and the rest stays. What is cut
 * out goes to where BY unmapped it, unless that is NULL. */
static void pages_cut(struct an_world *world, struct an_ranges *ranges, uint64_t start,
                      uint64_t end, const struct an_access *by)
{
    struct an_heap *heap = &world->heap;
    struct an_range *range;
    while ((range = an_ranges_overlap(ranges, start, end - start))) {
        struct an_block *all = range->value, part = *all;
        uint64_t all_end = all->start + all->size;
        an_ranges_remove(ranges, all->start);
        if (part.start < start)
            ranges_insert(world, ranges, &part, part.start, start);
        if (all_end > end)
            ranges_insert(world, ranges, &part, end, all_end);
        give_back(heap, all);
        if (!by) {
            an_snapshot_drop(part.free.past);
            continue;
        }
        part.freed = true;
        part.free = *by;
        part.free.mask = 0xff;
        ranges_insert(world, &heap->gone, &part, part.start > start ? part.start : start,
                      all_end < end ? all_end : end);
    }
}

void an_heap_forget(struct an_world *world, uint64_t start, uint64_t size)
{
    struct an_range *range;
    while (size && (range = an_ranges_overlap(&world->heap.blocks, start, size)))
        drop(&world->heap, range->value);
    if (size && start + size > start)
        pages_cut(world, &world->heap.gone, start, start + size, NULL);
}

/* What lies behind the shorter of both sizes is new, or nothing any longer. */
static bool resized(struct an_world *world, const struct tr_event *ev, uint64_t size)
{
    struct an_range *range = an_ranges_at(&world->heap.blocks, ev->object);
    struct an_block *block = range && range->start == ev->object ? range->value : NULL;
    if (!block || block->freed)
        return false;
    uint64_t shorter = size < block->size ? size : block->size;
    uint64_t longer = size < block->size ? block->size : size;
    range->size = block->size = shorter;
    an_world_forget_memory(world, ev->object + shorter, longer - shorter);
    range->size = block->size = size;
    block->stack = ev->stack;
    block->thread = ev->thread;
    return true;
}

static void allocated(struct an_world *world, const struct tr_event *ev)
{
    struct an_heap *heap = &world->heap;
    uint64_t size = ev->a0 ? ev->a0 : 1;
    if (ev->mode & TR_HEAP_RESIZED && resized(world, ev, size))
        return;
    an_world_forget_memory(world, ev->object, size);
    struct an_block *block = take(world);
    *block = (struct an_block){
        .start = ev->object, .size = size, .stack = ev->stack, .thread = ev->thread};
    an_ranges_insert(&heap->blocks, block->start, size, block);
}

static void freed(struct an_world *world, const struct tr_event *ev)
{
    struct an_range *range = an_ranges_at(&world->heap.blocks, ev->object);
    struct an_block *block = range && range->start == ev->object ? range->value : NULL;
    uint64_t size = ev->a0 ? ev->a0 : block ? block->size : 0;
    if (!world->now.thread->whole) {
        an_world_forget_memory(world, ev->object, size);
        return;
    }
    struct an_access *access = &world->now.access;
    an_world_access(world, ev, AN_WRITE | AN_FREE);
    access->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    an_sights_free(world, ev->object, size);
    an_memory_free(&world->memory, &world->order, world->now.thread, access, ev->object, size,
                   &world->now.conflicts);
    an_objects_forget_untold(world, ev->object, size);
    an_memory_forget(&world->memory, ev->object, size);
    an_benign_forget(&world->benign, ev->object, size);
    if (!block)
        return;
    if (size >= GIVEN_BACK) {
        drop(&world->heap, block);
        return;
    }
    an_snapshot_drop(block->free.past);
    block->freed = true;
    block->free = *access;
    block->free.mask = 0xff;
    an_snapshot_keep(block->free.past);
}

/* A damaged trace may name ranges beyond the end of memory. */
static bool is_range(const struct tr_event *ev)
{
    return ev->a0 && ev->object + ev->a0 > ev->object;
}

static void mapped(struct an_world *world, const struct tr_event *ev)
{
    if (!is_range(ev))
        return;
    if (ev->mode & TR_HEAP_RESIZED) { /* blank again; perhaps: it may be shared */
        an_memory_forget(&world->memory, ev->object, ev->a0);
        return;
    }
    uint64_t start = ev->object, end = start + ev->a0;
    pages_cut(world, &world->heap.maps, start, end, NULL);
    an_world_forget_memory(world, start, ev->a0);
    struct an_block map = {.stack = ev->stack, .thread = ev->thread, .mapped = true};
    ranges_insert(world, &world->heap.maps, &map, start, end);
}

static void unmapped(struct an_world *world, const struct tr_event *ev)
{
    if (!is_range(ev))
        return;
    uint64_t start = ev->object, end = start + ev->a0;
    if (!world->now.thread->whole) {
        an_world_forget_memory(world, start, ev->a0);
        pages_cut(world, &world->heap.maps, start, end, NULL);
        return;
    }
    struct an_access *access = &world->now.access;
    an_world_access(world, ev, AN_WRITE | AN_FREE);
    access->size = ev->a0 > UINT32_MAX ? UINT32_MAX : (uint32_t)ev->a0;
    an_sights_free(world, ev->object, ev->a0);
    an_memory_free(&world->memory, &world->order, world->now.thread, access, ev->object, ev->a0,
                   &world->now.conflicts);
    an_world_forget_memory(world, start, ev->a0);
    pages_cut(world, &world->heap.maps, start, end, access);
}

void an_heap_event(struct an_world *world, const struct tr_event *ev)
{
    if (ev->mode & TR_HEAP_MAPPED && ev->kind == TR_ALLOC)
        mapped(world, ev);
    else if (ev->mode & TR_HEAP_MAPPED)
        unmapped(world, ev);
    else if (ev->kind == TR_ALLOC)
        allocated(world, ev);
    else
        freed(world, ev);
}

static void drop_free(struct an_range *range)
{
    if (!range)
        return;
    an_snapshot_drop(((struct an_block *)range->value)->free.past);
    drop_free(range->left);
    drop_free(range->right);
}

void an_heap_release(struct an_heap *heap)
{
    drop_free(heap->blocks.root);
    drop_free(heap->gone.root);
    an_ranges_release(&heap->blocks);
    an_ranges_release(&heap->maps);
    an_ranges_release(&heap->gone);
}
