/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/world.h"

#include "analyzer/world/waits.h"

#include <signal.h>

void an_world_init(struct an_world *world, struct tr_reader *reader)
{
    *world = (struct an_world){.reader = reader, .hard.hard = true};
    world->end.timeout = reader && tr_reader_header(reader)->flags & TR_HAS_HUNG;
    if (reader && tr_reader_header(reader)->ring_lost)
        world->lost_until = tr_reader_header(reader)->ring_time;
}

void an_world_forget_memory(struct an_world *world, uint64_t start, uint64_t size)
{
    if (!size)
        return;
    an_memory_forget(&world->memory, start, size);
    an_heap_forget(world, start, size);
    an_objects_forget_untold(world, start, size);
    an_benign_forget(&world->benign, start, size);
}

void an_world_access(struct an_world *world, const struct tr_event *ev, unsigned flags)
{
    struct an_thread *thread = world->now.thread;
    if (ev->mode & TR_ACC_MAY_BE_ATOMIC && tr_is_access(ev->kind))
        flags |= AN_MAY_BE_ATOMIC;
    if (ev->mode & TR_ACC_SOURCE_UNKNOWN && ev->kind != TR_FREE)
        flags |= AN_SOURCE_UNKNOWN;
    world->now.access = (struct an_access){
        .clock = thread->clock,
        .index = ev->index,
        .past = flags & AN_WRITE ? an_order_snapshot(&world->order, thread) : NULL,
        .thread = thread->index,
        .slot = thread->slot,
        .stack = ev->stack,
        .lockset = an_thread_lockset(world, thread),
        .flags = (uint8_t)flags,
        .since =
            (uint16_t)(thread->clock - thread->epoch < UINT16_MAX ? thread->clock - thread->epoch
                                                                  : UINT16_MAX),
    };
}

static void access_memory(struct an_world *world, const struct tr_event *ev, uint64_t size,
                          unsigned flags)
{
    if (!world->now.thread->whole)
        return; /* what orders it may be missing */
    an_world_access(world, ev, flags);
    world->now.access.size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    an_memory_access(&world->memory, &world->heap, &world->order, world->now.thread,
                     &world->now.access, ev->object, size, &world->now.conflicts);
    an_publication_unordered(&world->publication, &world->order, world->now.thread,
                             &world->now.access, &world->now.conflicts);
    an_sights_access(world, ev->object, size);
}

enum { MOST_PERHAPS = 1 << 13 /* bytes: recorders tell less */ };

static void plain_access(struct an_world *world, const struct tr_event *ev)
{
    bool range = ev->kind == TR_READ_RANGE || ev->kind == TR_WRITE_RANGE;
    bool write = ev->kind == TR_WRITE || ev->kind == TR_WRITE_RANGE;
    bool perhaps = ev->mode & TR_ACC_PERHAPS;
    uint64_t size = range ? ev->a0 : tr_access_size(ev->mode);
    if (ev->mode & TR_ACC_MAY_BE_ATOMIC) /* else the rest of a range is seen by its conflicts */
        for (uint64_t at = 0; at < (perhaps && size < MOST_PERHAPS ? size : 1); at += 4)
            an_publication_access(&world->publication, &world->order, world->now.thread,
                                  ev->object + at, !write, write, true);
    an_sections_access(world, ev, size, write);
    if (!perhaps)
        access_memory(world, ev, size, write ? AN_WRITE : 0);
}

static void atomic_access(struct an_world *world, const struct tr_event *ev)
{
    unsigned write = ev->kind == TR_ATOMIC_LOAD ? 0 : AN_WRITE;
    if (tr_reader_header(world->reader)->access_source == TR_SOURCE_REWRITE)
        an_publication_access(&world->publication, &world->order, world->now.thread, ev->object,
                              ev->kind != TR_ATOMIC_STORE, write, false);
    an_sections_access(world, ev, tr_access_size(ev->mode), write);
    access_memory(world, ev, tr_access_size(ev->mode), AN_ATOMIC | write);
}

static void process_ends(struct an_world *world, const struct tr_event *ev)
{
    if (world->end.exit)
        return;
    world->end.exit = true;
    world->end.exited_by = world->now.thread;
    world->end.exit_stack = ev->stack;
    world->end.exit_index = ev->index;
    world->end.exit_mode = ev->mode;
}

/* The threads that the event names wait for each other for ever. */
static void lock_up(struct an_world *world, const struct tr_event *ev)
{
    const uint8_t *at = ev->bytes, *end = at + ev->bytes_length;
    uint64_t number;
    while (at && at < end && (at = tr_get(at, end, &number))) {
        struct an_thread *thread = an_thread_find(world, (uint32_t)number);
        if (thread)
            thread->locked_up = true;
    }
}

/* Whoever sets a handler, or sends a signal, tells so by the order that the signal carries; and so
 * does a timer that the C library serves by a thread. Handlers of faults come only where the
 * program makes them. */
static void note_signals(struct an_world *world, const struct tr_event *ev)
{
    enum { SIGNALS = 128 };
    const uint64_t first = 1ull << 63 | 1ull << 56; /* of the keys that are signals */
    if (ev->mode != TR_BY_SIGNAL)
        return;
    uint64_t signal = ev->object - first;
    if (signal >= SIGNALS)
        world->others_may_come = true;
    else
        world->handles_signals |= signal != SIGSEGV && signal != SIGBUS && signal != SIGFPE &&
                                  signal != SIGILL && signal != SIGABRT && signal != SIGTRAP &&
                                  signal != SIGSYS;
}

/* What the event means, but for its order. */
static void update(struct an_world *world, const struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_MODULE: /* its variables are new, whatever lay there before */
        if (ev->a0 < ev->a1) {
            an_memory_forget(&world->memory, ev->a0, ev->a1 - ev->a0);
            an_heap_forget(world, ev->a0, ev->a1 - ev->a0);
        }
        break;
    case TR_THREAD_START ... TR_THREAD_STACK:
    case TR_THREAD_AGAIN:
        an_threads_event(world, ev);
        break;
    case TR_HANDLER_BEGIN:
    case TR_HANDLER_END:
    case TR_UNBLOCKS:
        an_handlers_event(world, ev);
        break;
    case TR_OBJECT_NEW:
    case TR_OBJECT_END:
        an_objects_event(world, ev);
        break;
    case TR_REQUEST:
    case TR_ACQUIRE:
    case TR_RELEASE:
    case TR_TRY_FAIL:
        if (an_type_is_lock((enum tr_object_type)tr_type(ev->mode))) {
            an_locks_event(world, ev);
            an_sections_event(world, ev);
        } else if (tr_type(ev->mode) == TR_TYPE_SEM)
            an_semaphores_event(world, ev);
        else if (tr_type(ev->mode) == TR_TYPE_ONCE)
            an_once_event(world, ev);
        else if (tr_type(ev->mode) == TR_TYPE_BARRIER)
            an_barriers_event(world, ev);
        break;
    case TR_OBJECT_NAME:
        world->now.object = an_object(world, ev, ev->object, TR_TYPE_USER);
        world->now.object->name =
            sn_sprintf(&world->arena, "%.*s", (int)ev->bytes_length, (const char *)ev->bytes);
        break;
    case TR_BENIGN:
        an_benign_add(&world->benign, ev->object, ev->a0);
        break;
    case TR_OP_ERROR:
        an_wait_end(world->now.thread);
        if (tr_type(ev->mode) == TR_TYPE_SEM)
            an_semaphores_event(world, ev);
        else
            world->now.object =
                an_object(world, ev, ev->object, (enum tr_object_type)tr_type(ev->mode));
        break;
    case TR_COND_WAIT:
    case TR_COND_WAKE:
    case TR_COND_SIGNAL:
        an_conditions_event(world, ev);
        break;
    case TR_SEM_WAIT:
    case TR_SEM_POST:
        an_semaphores_event(world, ev);
        break;
    case TR_BARRIER_ENTER:
    case TR_BARRIER_EXIT:
        an_barriers_event(world, ev);
        break;
    case TR_ONCE_BEGIN:
    case TR_ONCE_END:
    case TR_ONCE_SEEN:
        an_once_event(world, ev);
        break;
    case TR_HB_BEFORE:
    case TR_HB_AFTER:
        note_signals(world, ev);
        /* an annotated address may be a lock as well: a space of its own */
        world->now.object = an_object(world, ev, ev->object ^ 1ull << 63, TR_TYPE_MASK);
        an_channels_event(world, ev);
        break;
    case TR_BLOCK_BEGIN:
        if (world->now.thread->wait.kind != AN_WAIT_ONCE) /* else that is how it waits */
            an_wait_begin(world->now.thread, AN_WAIT_OUTSIDE, ev);
        an_channels_event(world, ev);
        break;
    case TR_BLOCK_END:
        an_channels_event(world, ev);
        if (world->now.thread->wait.kind != AN_WAIT_ONCE)
            an_wait_end(world->now.thread);
        break;
    case TR_ALLOC:
    case TR_FREE:
        an_heap_event(world, ev);
        break;
    case TR_READ ... TR_WRITE_RANGE:
        if (!world->light)
            plain_access(world, ev);
        break;
    case TR_ATOMIC_LOAD ... TR_ATOMIC_RMW:
        if (!world->light)
            atomic_access(world, ev);
        break;
    case TR_FORK:
        an_channels_event(world, ev);
        break;
    case TR_EXIT:
        process_ends(world, ev);
        break;
    case TR_DEADLOCK:
        world->end.deadlock = true;
        lock_up(world, ev);
        break;
    case TR_TIMEOUT:
        world->end.timeout = true;
        break;
    case TR_SIGNAL:
        world->end.signal = true;
        break;
    default:
        break;
    }
}

static void tick(struct an_world *world, struct an_thread *thread, bool epoch)
{
    thread->clock++;
    if (epoch)
        thread->epoch = thread->clock;
    an_order_tick(&world->order, thread);
    an_order_tick(&world->hard, thread);
}

/* Ten thousand threads one after another must not leave ten thousand clocks. Whoever ended holding
 * a lock may still be succeeded in it. */
static void bury(struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    if (ev->kind == TR_JOIN || ev->kind == TR_THREAD_DETACH)
        thread = an_thread_find(world, (uint32_t)ev->a0);
    else if (ev->kind != TR_THREAD_EXIT)
        return;
    if (!thread || !thread->exited || thread->held.count || !(thread->joined || thread->detached))
        return;
    an_order_thread_end(&world->order, thread);
    an_order_thread_end(&world->hard, thread);
}

static void begin(struct an_world *world, const struct tr_event *ev)
{
    struct an_now *now = &world->now;
    an_snapshot_drop(now->access.past);
    now->access = (struct an_access){0};
    vec_clear(&now->conflicts.of);
    now->index = ev->index;
    now->thread = an_thread(world, ev->thread);
    now->object = NULL;
    now->succeeded = NULL;
    now->outermost = now->released_by_other = now->was_robbed = now->fills_round = false;
    now->released_of = NULL;
    vec_clear(&now->ended_holds.of);
    if (ev->unsure && !now->thread->unsure)
        now->thread->unsure = ev->index;
    now->thread->whole |= !world->lost_until || ev->time > world->lost_until;
    if (ev->stack) {
        now->thread->last_index = ev->index;
        now->thread->last_stack = ev->stack;
    }
    world->events++;
    world->accesses += tr_is_access(ev->kind) || tr_is_atomic(ev->kind);
    if (!ev->time)
        return;
    now->thread->time = ev->time;
    if (!world->first_time || ev->time < world->first_time)
        world->first_time = ev->time;
    if (ev->time > world->last_time)
        world->last_time = ev->time;
}

/* Times are stamped now and then only: but what comes behind an event that is late enough, by the
 * number that both have of an object, is late enough too. */
static void spread_wholeness(struct an_world *world, const struct tr_event *ev)
{
    struct an_object *object = world->now.object;
    if (!object || !ev->version)
        return;
    world->now.thread->whole |= object->whole;
    object->whole |= world->now.thread->whole;
}

void an_world_event(struct an_world *world, const struct tr_event *ev)
{
    begin(world, ev);
    struct an_thread *thread = world->now.thread;
    update(world, ev);
    an_handlers_note(world, ev);
    spread_wholeness(world, ev);
    if (!tr_is_access(ev->kind) && !world->light) {
        an_order_event(&world->order, world, ev);
        an_order_event(&world->hard, world, ev);
    }
    bool epoch = tr_moves_epoch(ev->kind, ev->mode);
    if (epoch || world->now.access.flags & AN_WRITE)
        tick(world, thread, epoch);
    bury(world, ev);
}

bool an_is_sure(const struct an_thread *thread, uint64_t index)
{
    return !thread->unsure || index < thread->unsure;
}

void an_world_release(struct an_world *world)
{
    an_snapshot_drop(world->now.access.past);
    vec_release(&world->now.conflicts.of);
    vec_release(&world->now.ended_holds.of);
    an_memory_release(&world->memory);
    an_sights_release(&world->sights);
    an_publication_release(&world->publication);
    an_heap_release(&world->heap);
    an_ranges_release(&world->benign);
    an_objects_release(world);
    an_locksets_release(world);
    an_channels_release(&world->channels);
    an_threads_release(world);
    an_order_release(&world->order);
    an_order_release(&world->hard);
    sn_arena_release(&world->arena);
}
