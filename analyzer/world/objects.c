/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/objects.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

bool an_type_is_lock(enum tr_object_type type)
{
    return type == TR_TYPE_MUTEX || type == TR_TYPE_RWLOCK || type == TR_TYPE_SPIN ||
           type == TR_TYPE_USER;
}

/* Used without having been initialised: is that known to be wrong? Marks in its memory tell, or
 * where none can be, that it ended: a spin lock has no static initialiser. */
static enum an_misuse misuse_of(const struct an_world *world, const struct an_object *object)
{
    const struct an_object *previous = object->previous;
    if (object->attributes & TR_ATTR_DESTROYED)
        return AN_DESTROYED;
    if (object->attributes & TR_ATTR_UNMADE)
        return AN_UNMADE;
    if (!(object->attributes & TR_ATTR_STATIC) || !previous || !previous->end_index)
        return AN_SOUND;
    if (previous->end_cause == TR_END_DESTROY && object->type == TR_TYPE_SPIN &&
        previous->type == TR_TYPE_SPIN && !(previous->attributes & TR_ATTR_PROCESS_SHARED))
        return AN_DESTROYED;
    const struct an_block *block = an_heap_block(&world->heap, object->address);
    if (previous->end_cause == TR_END_FREE && block && block->freed && !block->mapped)
        return AN_FREED;
    return AN_SOUND;
}

static struct an_object *latest(const struct an_world *world, uint64_t address)
{
    uint64_t *found = sn_map_find(&world->objects.by_address, address);
    return found ? (struct an_object *)(uintptr_t)*found : NULL;
}

static struct an_object *object_new(struct an_world *world, const struct tr_event *ev,
                                    uint64_t address, enum tr_object_type type,
                                    uint32_t incarnation)
{
    struct an_objects *objects = &world->objects;
    struct an_object *object = SN_NEW(&world->arena, struct an_object);
    object->previous = latest(world, address);
    *vec_push(&objects->all) = object;
    object->id = (uint32_t)objects->all.count;
    object->incarnation = incarnation;
    object->address = address;
    object->place = world->reader ? tr_reader_place(world->reader, address) : address;
    object->type = type;
    object->create_stack = ev->stack;
    object->create_thread = ev->thread;
    object->create_index = ev->index;
    object->known = !world->lost_until || (ev->kind == TR_OBJECT_NEW && world->now.thread->whole);
    const struct an_block *block = an_heap_block(&world->heap, address);
    if (block) {
        object->block_stack = block->stack;
        object->block_offset = address - block->start;
        object->block_size = block->size;
    }
    *sn_map_at(&objects->by_address, address) = (uintptr_t)object;
    an_ranges_insert(&objects->in_memory, address, 1, object);
    return object;
}

static void object_end(struct an_world *world, struct an_object *object, const struct tr_event *ev,
                       enum tr_end_cause cause)
{
    object->end_index = world->now.index;
    object->end_cause = cause;
    object->ended_by = world->now.thread;
    object->end_stack = ev->stack;
    if (an_type_is_lock(object->type))
        an_lock_ends(world, object);
    else
        object->ended_in_use = an_object_blocks(object) > 0;
    an_ranges_remove(&world->objects.in_memory, object->address);
    an_order_object_end(&world->order, object);
    an_order_object_end(&world->hard, object);
}

struct an_object *an_object_find(const struct an_world *world, uint64_t address)
{
    struct an_object *object = latest(world, address);
    return object && !object->end_index ? object : NULL;
}

struct an_object *an_object(struct an_world *world, const struct tr_event *ev, uint64_t address,
                            enum tr_object_type type)
{
    struct an_object *object = an_object_find(world, address);
    if (object && object->type == type)
        return object;
    uint32_t incarnation = object ? object->incarnation + 1 : 1;
    if (object)
        object_end(world, object, ev, TR_END_REINIT);
    object = object_new(world, ev, address, type, incarnation);
    object->attributes = TR_ATTR_STATIC;
    return object;
}

struct an_object *an_object_waited(struct an_world *world, const struct tr_event *ev,
                                   enum tr_object_type type)
{
    const struct an_wait *wait = &world->now.thread->wait;
    if (wait->object && wait->object->end_index && wait->object->address == ev->object &&
        wait->object->type == type)
        return wait->object;
    return an_object(world, ev, ev->object, type);
}

uint32_t an_object_blocks(const struct an_object *object)
{
    bool known = !(object->attributes & (TR_ATTR_STATIC | TR_ATTR_PROCESS_SHARED)) && object->known;
    const struct an_semaphore *semaphore = &object->semaphore;
    switch (object->type) {
    case TR_TYPE_COND:
        return an_condition_blocks(object);
    case TR_TYPE_SEM:
        return known && semaphore->waiting > semaphore->value
                   ? (uint32_t)(semaphore->waiting - (semaphore->value > 0 ? semaphore->value : 0))
                   : 0;
    case TR_TYPE_BARRIER:
        return known && object->initial ? (uint32_t)(object->barrier.entered % object->initial) : 0;
    default:
        return 0;
    }
}

void an_objects_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = an_object_find(world, ev->object);
    world->now.object = object;
    if (ev->kind == TR_OBJECT_END) {
        if (object)
            object_end(world, object, ev, (enum tr_end_cause)(ev->mode >> TR_END_CAUSE_SHIFT));
        if (object && world->now.thread->wait.object == object) /* it waited for that */
            an_wait_end(world->now.thread);
        return;
    }
    uint32_t incarnation = object ? object->incarnation + 1 : 1;
    if (object)
        object_end(world, object, ev, TR_END_REINIT);
    object = object_new(world, ev, ev->object, (enum tr_object_type)tr_type(ev->mode), incarnation);
    object->attributes = (uint32_t)ev->a0;
    object->initial = ev->a1;
    object->told = true;
    object->misuse = misuse_of(world, object);
    if (object->type == TR_TYPE_SEM)
        object->semaphore.value = (int64_t)ev->a1;
    world->now.object = object;
}

void an_objects_forget(struct an_world *world, uint64_t start, uint64_t size)
{
    const struct tr_event nowhere = {0};
    struct an_range *range;
    while (size && (range = an_ranges_overlap(&world->objects.in_memory, start, size)))
        object_end(world, range->value, &nowhere, TR_END_FREE);
}

void an_objects_forget_untold(struct an_world *world, uint64_t start, uint64_t size)
{
    const struct tr_event nowhere = {0};
    uint64_t end = start + size;
    struct an_range *range;
    while (start < end &&
           (range = an_ranges_overlap(&world->objects.in_memory, start, end - start))) {
        struct an_object *object = range->value;
        start = object->address + 1;
        if (!object->told)
            object_end(world, object, &nowhere, TR_END_FREE);
    }
}

static uint64_t gift_key(const struct an_object *object, const struct an_thread *thread)
{
    return (uint64_t)object->id << 32 | thread->index;
}

void an_object_given(struct an_world *world, struct an_object *object)
{
    const struct an_thread *thread = world->now.thread;
    object->last_given = world->now.index;
    if (object->last_giver == thread->index + 1)
        return;
    object->last_giver = thread->index + 1;
    uint64_t *times = sn_map_at(&world->objects.given, gift_key(object, thread));
    object->givers += (*times)++ == 0;
}

bool an_object_given_by(const struct an_world *world, const struct an_object *object,
                        const struct an_thread *thread)
{
    return sn_map_find(&world->objects.given, gift_key(object, thread));
}

void an_objects_release(struct an_world *world)
{
    vec_each (struct an_object *, object, &world->objects.all) {
        if (an_type_is_lock((*object)->type))
            an_lock_release(&(*object)->lock);
        else if ((*object)->type == TR_TYPE_BARRIER)
            an_barrier_release(&(*object)->barrier);
    }
    vec_release(&world->objects.all);
    sn_map_release(&world->objects.by_address);
    sn_map_release(&world->objects.given);
    an_ranges_release(&world->objects.in_memory);
}
