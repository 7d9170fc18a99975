/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/threads.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

enum {
    SLOTS_TRIED = 8,       /* of the free ones, for a new thread */
    STACK_USUAL = 8 << 20, /* glibc's default; what lies below a descriptor */
    STACK_TOP = 256 << 10, /* where locals usually are */
    DESCRIPTOR = 4096,     /* no stack begins nearer above one */
};

struct an_thread *an_thread_find(const struct an_world *world, uint32_t number)
{
    struct an_thread *latest = world->threads.latest;
    if (latest && latest->number == number)
        return latest;
    uint64_t *index = sn_map_find(&world->threads.by_number, number);
    return index ? world->threads.all.at[*index] : NULL;
}

/* Does MAKER know, by more than locks, all that the slot's last thread did? */
static bool slot_is_past(struct an_world *world, struct an_thread *maker, uint32_t slot)
{
    const struct an_thread *last = world->threads.slots.at[slot].thread;
    return an_order_before(&world->hard, maker, slot, last->clock);
}

static uint32_t slot_for(struct an_world *world, struct an_thread *maker)
{
    struct an_threads *threads = &world->threads;
    for (size_t i = threads->free_slots.count, tried = 0; maker && i-- > 0 && tried < SLOTS_TRIED;
         tried++) {
        uint32_t slot = threads->free_slots.at[i];
        if (!slot_is_past(world, maker, slot))
            continue;
        threads->free_slots.at[i] = *vec_last(&threads->free_slots);
        (void)vec_pop(&threads->free_slots);
        return slot;
    }
    (void)vec_push(&threads->slots);
    return (uint32_t)threads->slots.count - 1;
}

static struct an_thread *thread_new(struct an_world *world, uint32_t number,
                                    struct an_thread *parent)
{
    struct an_threads *threads = &world->threads;
    struct an_thread *thread = SN_NEW(&world->arena, struct an_thread);
    thread->number = number;
    thread->parent = parent;
    thread->slot = slot_for(world, parent);
    struct an_slot *slot = &threads->slots.at[thread->slot];
    thread->clock = thread->epoch = (slot->thread ? slot->thread->clock : 0) + 1;
    slot->thread = thread;
    thread->index = (uint32_t)threads->all.count;
    *vec_push(&threads->all) = thread;
    *sn_map_at(&threads->by_number, number) = thread->index;
    an_order_thread_new(&world->order, thread, parent);
    an_order_thread_new(&world->hard, thread, parent);
    return thread;
}

struct an_thread *an_thread(struct an_world *world, uint32_t number)
{
    struct an_thread *thread = an_thread_find(world, number);
    if (!thread)
        thread = thread_new(world, number, NULL);
    return world->threads.latest = thread;
}

struct an_held *an_thread_holds(const struct an_thread *thread, const struct an_object *object)
{
    for (size_t i = thread->held.count; i-- > 0;)
        if (thread->held.at[i].object == object)
            return &thread->held.at[i];
    return NULL;
}

struct an_object *an_thread_locked(const struct an_thread *thread, uint64_t address)
{
    vec_each (struct an_held, held, &thread->held)
        if (held->object->address == address && !held->shared)
            return held->object;
    return NULL;
}

static void created(struct an_world *world, struct an_thread *parent, const struct tr_event *ev)
{
    struct an_thread *child = an_thread_find(world, (uint32_t)ev->a0);
    if (!child)
        child = thread_new(world, (uint32_t)ev->a0, parent);
    if (child->created || child == parent)
        return;
    child->created = true;
    child->made_whole = parent->whole;
    child->parent = parent;
    child->create_stack = ev->stack;
    child->create_index = ev->index;
    child->detached |= (ev->mode & TR_CREATE_DETACHED) != 0;
    vec_each (struct an_held, held, &parent->held)
        *vec_push(&child->create_held) = *held;
}

/* A new thread has the descriptor, so the stack too, of one that is gone: whatever that one did
 * there was done to other memory. */
static void forget_stack(struct an_world *world, uint64_t handle)
{
    uint64_t low = handle > STACK_USUAL ? handle - STACK_USUAL : 0;
    struct an_range *other;
    while (low < handle && (other = an_ranges_overlap(&world->threads.handles, low, handle - low)))
        low = other->start + DESCRIPTOR < handle ? other->start + DESCRIPTOR : handle;
    an_world_forget_memory(world, low, handle - low);
    an_objects_forget(world, low, handle - low);
}

static void started(struct an_world *world, struct an_thread *thread, const struct tr_event *ev)
{
    thread->started = true;
    if (!thread->parent && ev->a0 != thread->number)
        thread->parent = an_thread_find(world, (uint32_t)ev->a0);
    if (!ev->object || thread->handle)
        return;
    thread->handle = ev->object;
    struct an_range *earlier = an_ranges_at(&world->threads.handles, ev->object);
    if (earlier) {
        if (!world->threads.stacks_told)
            forget_stack(world, ev->object);
        earlier->value = thread;
    } else {
        an_ranges_insert(&world->threads.handles, ev->object, 1, thread);
    }
}

/* Who it is, where the beginning of its life is missing. */
static void told_again(struct an_world *world, struct an_thread *thread, const struct tr_event *ev)
{
    if (!thread->started)
        started(world, thread, ev);
    if (thread->name || !ev->bytes_length)
        return;
    const char *name = sn_strndup(&world->arena, (const char *)ev->bytes, ev->bytes_length);
    const char *program = tr_reader_header(world->reader)->program;
    const char *slash = strrchr(program, '/');
    if (strncmp(name, slash ? slash + 1 : program, ev->bytes_length) != 0)
        thread->name = name; /* not just the process's */
}

/* Whatever lay there was of an earlier thread, or another use of the memory. */
static void has_stack(struct an_world *world, struct an_thread *thread, const struct tr_event *ev)
{
    if (!ev->a0 || ev->object + ev->a0 < ev->object)
        return;
    world->threads.stacks_told = true;
    thread->stack_low = ev->object;
    thread->stack_size = ev->a0;
    an_world_forget_memory(world, ev->object, ev->a0);
    an_objects_forget(world, ev->object, ev->a0);
}

/* Where a stack is not told, it is taken to lie just below the thread's descriptor. */
static bool is_on_stack(const struct an_thread *thread, uint64_t address)
{
    if (thread->stack_size)
        return address - thread->stack_low < thread->stack_size;
    return thread->number && address < thread->handle && thread->handle - address <= STACK_TOP;
}

const struct an_thread *an_stack_owner(const struct an_world *world, uint64_t address,
                                       uint64_t index)
{
    const struct an_thread *owner = NULL;
    vec_each (struct an_thread *, at, &world->threads.all) {
        const struct an_thread *thread = *at;
        bool alive =
            thread->create_index <= index && (!thread->exited || thread->exit_index >= index);
        if (alive && is_on_stack(thread, address) &&
            (!owner || thread->stack_size || thread->handle < owner->handle))
            owner = thread;
    }
    return owner;
}

static void exited(struct an_world *world, struct an_thread *thread, const struct tr_event *ev)
{
    if (thread->exited)
        return;
    thread->exited = true;
    thread->exit_index = ev->index;
    thread->exit_stack = ev->stack;
    thread->exit_mode = ev->mode;
    an_wait_end(thread);
    *vec_push(&world->threads.free_slots) = thread->slot;
}

/* What the maker has held without a break since it made CHILD guards all that CHILD did. */
static void joined(struct an_thread *thread, struct an_thread *child)
{
    child->joined = true;
    vec_each (struct an_held, before, &child->create_held) {
        const struct an_held *now = an_thread_holds(thread, before->object);
        if (thread == child->parent && now && now->index == before->index) {
            *vec_push(&child->guards) = *before;
            child->guardian = thread;
        }
    }
    vec_release(&child->create_held);
}

static void named(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = an_thread_find(world, (uint32_t)ev->a0);
    if (thread && ev->bytes_length)
        thread->name = sn_strndup(&world->arena, (const char *)ev->bytes, ev->bytes_length);
}

void an_threads_event(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    struct an_thread *other = NULL;
    if (ev->kind >= TR_THREAD_DETACH && ev->kind <= TR_JOIN_FAIL)
        other = an_thread_find(world, (uint32_t)ev->a0);
    switch (ev->kind) {
    case TR_THREAD_CREATE:
        created(world, thread, ev);
        break;
    case TR_THREAD_START:
        started(world, thread, ev);
        break;
    case TR_THREAD_AGAIN:
        told_again(world, thread, ev);
        break;
    case TR_THREAD_STACK:
        has_stack(world, thread, ev);
        break;
    case TR_THREAD_EXIT:
        exited(world, thread, ev);
        break;
    case TR_THREAD_NAME:
        named(world, ev);
        break;
    case TR_THREAD_DETACH:
        if (other)
            other->detached = true;
        break;
    case TR_JOIN_REQUEST:
        if (other) {
            an_wait_begin(thread, AN_WAIT_JOIN, ev);
            thread->wait.thread = other;
        }
        break;
    case TR_JOIN:
        an_wait_end(thread);
        if (other)
            joined(thread, other);
        break;
    case TR_JOIN_FAIL:
        an_wait_end(thread);
        break;
    default:
        break;
    }
}

void an_threads_release(struct an_world *world)
{
    vec_each (struct an_thread *, thread, &world->threads.all) {
        vec_release(&(*thread)->held);
        an_sections_release(*thread);
        vec_release(&(*thread)->handlers);
        vec_release(&(*thread)->gave_back);
        vec_release(&(*thread)->robbed);
        vec_release(&(*thread)->create_held);
        vec_release(&(*thread)->guards);
    }
    vec_release(&world->threads.all);
    vec_release(&world->threads.slots);
    vec_release(&world->threads.free_slots);
    sn_map_release(&world->threads.by_number);
    an_ranges_release(&world->threads.handles);
}
