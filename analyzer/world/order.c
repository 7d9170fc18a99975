/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/order.h"

#include "analyzer/world/world.h"

/* One round of a barrier: what all have brought in. Lives until the last of them has left. Of a
 * crowded barrier nobody knows which threads made a round: all that come are in one, and whoever
 * leaves learns from the one before as well. */
struct round {
    uint32_t references;
    struct an_past past;
};

struct an_order_thread {
    struct an_past past;
    struct an_snapshot *snapshot; /* of `past`, while it has learned nothing since; or NULL */
    struct round *round;          /* of the barrier in which it waits */
    struct an_past acquire_fence; /* what its relaxed loads read: an acquire fence brings it in */
    struct an_past release_fence; /* what its relaxed stores publish */
    struct an_past cancel;        /* from whoever cancels it */
};

struct an_order_object {
    struct an_past released;
    struct an_past readers; /* rwlock: by readers, since the last writer */
    struct round *round;    /* barrier: the one that is filling, */
    struct round *before;   /* and the one before */
};

struct an_order_atomic {
    uint64_t address;
    uint32_t next;          /* another one in the same granule, or 0 */
    uint32_t writer;        /* number of the thread that stored last */
    struct an_past release; /* what the release sequence publishes that a load reads now */
};

static struct an_order_thread *state(const struct an_order *order, const struct an_thread *thread)
{
    return order->threads.at[thread->index];
}

static void learn(struct an_order_thread *thread, const struct an_past *past)
{
    if (!an_past_join(&thread->past, past))
        return;
    an_snapshot_drop(thread->snapshot);
    thread->snapshot = NULL;
}

void an_order_tick(struct an_order *order, const struct an_thread *thread)
{
    an_clock_set(&state(order, thread)->past.hb, thread->slot, thread->clock);
}

void an_order_thread_new(struct an_order *order, struct an_thread *thread,
                         const struct an_thread *parent)
{
    struct an_order_thread *new = sn_calloc(1, sizeof *new);
    *vec_push(&order->threads) = new;
    if (parent)
        learn(new, &state(order, parent)->past);
    an_order_tick(order, thread);
}

static void round_drop(struct round *round)
{
    if (!round || --round->references)
        return;
    an_past_release(&round->past);
    free(round);
}

static void thread_clear(struct an_order_thread *thread)
{
    an_past_release(&thread->past);
    an_past_release(&thread->acquire_fence);
    an_past_release(&thread->release_fence);
    an_past_release(&thread->cancel);
    an_snapshot_drop(thread->snapshot);
    round_drop(thread->round);
    *thread = (struct an_order_thread){0};
}

void an_order_thread_end(struct an_order *order, const struct an_thread *thread)
{
    thread_clear(state(order, thread));
}

static struct an_order_object *object_state(struct an_order *order, const struct an_object *object)
{
    while (order->objects.count <= object->id)
        (void)vec_push(&order->objects);
    struct an_order_object **at = &order->objects.at[object->id];
    if (!*at)
        *at = sn_calloc(1, sizeof **at);
    return *at;
}

static void object_free(struct an_order_object *object)
{
    if (!object)
        return;
    an_past_release(&object->released);
    an_past_release(&object->readers);
    round_drop(object->round);
    round_drop(object->before);
    free(object);
}

void an_order_object_end(struct an_order *order, const struct an_object *object)
{
    if (object->id >= order->objects.count)
        return;
    object_free(order->objects.at[object->id]);
    order->objects.at[object->id] = NULL;
}

bool an_order_before(const struct an_order *order, const struct an_thread *thread, uint32_t slot,
                     uint64_t clock)
{
    return slot == thread->slot || clock <= an_clock_get(&state(order, thread)->past.hb, slot);
}

uint32_t an_order_read_before(const struct an_order *order, const struct an_thread *thread,
                              uint32_t slot, uint64_t clock)
{
    const struct an_past *past = &state(order, thread)->past;
    return clock <= an_clock_get(&past->read, slot) ? past->cause : 0;
}

const struct an_past *an_order_past(const struct an_order *order, const struct an_thread *thread)
{
    return &state(order, thread)->past;
}

struct an_snapshot *an_order_snapshot(struct an_order *order, const struct an_thread *thread)
{
    struct an_order_thread *from = state(order, thread);
    if (!from->snapshot)
        from->snapshot = an_snapshot_new(&from->past);
    return an_snapshot_keep(from->snapshot);
}

void an_order_reads_from(struct an_order *order, const struct an_thread *thread, uint32_t slot,
                         uint64_t clock, const struct an_past *past, uint32_t cause)
{
    struct an_order_thread *reader = state(order, thread);
    bool changed = an_clock_join(&reader->past.read, &past->hb);
    changed |= an_clock_join(&reader->past.read, &past->read);
    if (clock > an_clock_get(&reader->past.read, slot)) {
        an_clock_set(&reader->past.read, slot, clock);
        changed = true;
    }
    if (!changed)
        return;
    reader->past.cause = cause;
    an_snapshot_drop(reader->snapshot);
    reader->snapshot = NULL;
}

/* Locks. ----------------------------------------------------------------------------------------
 */

static void acquire(struct an_order *order, struct an_world *world, bool shared)
{
    if (order->hard || !world->now.outermost)
        return;
    struct an_order_thread *thread = state(order, world->now.thread);
    struct an_order_object *lock = object_state(order, world->now.object);
    learn(thread, &lock->released);
    if (world->now.succeeded)
        learn(thread, &state(order, world->now.succeeded)->past);
    if (shared || !lock->readers.hb.count)
        return;
    learn(thread, &lock->readers);
    an_past_clear(&lock->readers);
}

static void release(struct an_order *order, struct an_world *world)
{
    if (order->hard || !world->now.outermost)
        return;
    struct an_order_thread *thread = state(order, world->now.thread);
    struct an_order_object *lock = object_state(order, world->now.object);
    if (world->now.released.shared)
        an_past_join(&lock->readers, &thread->past);
    else if (world->now.released_by_other)
        an_past_join(&lock->released, &thread->past);
    else
        an_past_copy(&lock->released, &thread->past);
}

/* Everything that is no lock: a past handed over in an object. ----------------------------------
 */

static void hand_over(struct an_order *order, struct an_world *world)
{
    an_past_join(&object_state(order, world->now.object)->released,
                 &state(order, world->now.thread)->past);
}

static void take_over(struct an_order *order, struct an_world *world)
{
    learn(state(order, world->now.thread), &object_state(order, world->now.object)->released);
}

static void semaphore(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    if (order->hard && world->now.object->initial > 0)
        return; /* a token may have been there all along */
    if (ev->kind == TR_SEM_POST)
        hand_over(order, world);
    else
        take_over(order, world);
}

static void enter_barrier(struct an_order *order, struct an_world *world)
{
    struct an_order_thread *thread = state(order, world->now.thread);
    struct an_order_object *barrier = object_state(order, world->now.object);
    if (!barrier->round) {
        barrier->round = sn_calloc(1, sizeof *barrier->round);
        barrier->round->references = 1;
    }
    an_past_join(&barrier->round->past, &thread->past);
    round_drop(thread->round);
    thread->round = barrier->round;
    thread->round->references++;
    if (world->now.fills_round && !an_barrier_is_crowded(world->now.object)) {
        round_drop(barrier->before);
        barrier->before = barrier->round;
        barrier->round = NULL;
    }
}

static void leave_barrier(struct an_order *order, struct an_world *world)
{
    struct an_order_thread *thread = state(order, world->now.thread);
    if (!thread->round)
        return;
    learn(thread, &thread->round->past);
    round_drop(thread->round);
    thread->round = NULL;
    if (!an_barrier_is_crowded(world->now.object))
        return;
    const struct an_order_object *barrier = object_state(order, world->now.object);
    if (barrier->round)
        learn(thread, &barrier->round->past);
    if (barrier->before)
        learn(thread, &barrier->before->past);
}

/* Threads. --------------------------------------------------------------------------------------
 */

static void create(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *child = an_thread_find(world, (uint32_t)ev->a0);
    if (child && child != world->now.thread)
        learn(state(order, child), &state(order, world->now.thread)->past);
}

/* Its maker was stopped before it could tell of the creation, and has done nothing since. */
static void start(struct an_order *order, struct an_world *world)
{
    struct an_thread *thread = world->now.thread;
    if (!thread->created && thread->parent)
        learn(state(order, thread), &state(order, thread->parent)->past);
}

static void join(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *child = an_thread_find(world, (uint32_t)ev->a0);
    if (child && child != world->now.thread)
        learn(state(order, world->now.thread), &state(order, child)->past);
}

static void cancel(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    struct an_thread *target = an_thread_find(world, (uint32_t)ev->a0);
    if (target && target != world->now.thread)
        an_past_join(&state(order, target)->cancel, &state(order, world->now.thread)->past);
}

static void end_thread(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    struct an_order_thread *thread = state(order, world->now.thread);
    if (ev->mode == TR_EXIT_CANCEL)
        learn(thread, &thread->cancel);
}

/* Atomics. --------------------------------------------------------------------------------------
 */

static struct an_order_atomic *atomic_at(struct an_order *order, struct an_world *world,
                                         uint64_t address)
{
    if (!order->atomics.count)
        (void)vec_push(&order->atomics); /* number 0 is none */
    uint32_t *first = an_memory_number(&world->memory, address);
    for (uint32_t i = *first; i; i = order->atomics.at[i]->next)
        if (order->atomics.at[i]->address == address)
            return order->atomics.at[i];
    struct an_order_atomic *atomic = sn_calloc(1, sizeof *atomic);
    atomic->address = address;
    atomic->next = *first;
    atomic->writer = TR_NO_THREAD;
    *first = (uint32_t)order->atomics.count;
    *vec_push(&order->atomics) = atomic;
    return atomic;
}

enum { RELAXED = 0, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

static bool acquires(unsigned memory_order)
{
    return memory_order != RELAXED && memory_order != RELEASE;
}

static bool releases(unsigned memory_order)
{
    return memory_order >= RELEASE;
}

static void load(struct an_order_thread *thread, struct an_order_atomic *atomic, unsigned how)
{
    if (!atomic->release.hb.count)
        return;
    if (acquires(how))
        learn(thread, &atomic->release);
    else
        an_past_join(&thread->acquire_fence, &atomic->release);
}

static void store(struct an_order_thread *thread, struct an_order_atomic *atomic, unsigned how,
                  uint32_t number, bool continues)
{
    if (!continues && atomic->writer != number)
        an_past_clear(&atomic->release);
    if (releases(how))
        an_past_join(&atomic->release, &thread->past);
    else if (thread->release_fence.hb.count)
        an_past_join(&atomic->release, &thread->release_fence);
    atomic->writer = number;
}

static void atomic_event(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    if (order->hard)
        return;
    struct an_order_thread *thread = state(order, world->now.thread);
    struct an_order_atomic *atomic = atomic_at(order, world, ev->object);
    unsigned how = tr_memory_order(ev->mode);
    if (ev->kind != TR_ATOMIC_STORE)
        load(thread, atomic, how);
    if (ev->kind != TR_ATOMIC_LOAD)
        store(thread, atomic, how, ev->thread, ev->kind == TR_ATOMIC_RMW);
}

static void fence(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    if (order->hard)
        return;
    struct an_order_thread *thread = state(order, world->now.thread);
    unsigned how = tr_memory_order(ev->mode);
    if (acquires(how))
        learn(thread, &thread->acquire_fence);
    if (releases(how))
        an_past_copy(&thread->release_fence, &thread->past);
}

void an_order_event(struct an_order *order, struct an_world *world, const struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_ACQUIRE:
        acquire(order, world, (ev->mode & TR_LOCK_SHARED) != 0);
        break;
    case TR_RELEASE:
        release(order, world);
        break;
    case TR_COND_SIGNAL:
    case TR_ONCE_END:
    case TR_HB_BEFORE:
        hand_over(order, world);
        break;
    case TR_COND_WAKE:
        if (!(ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED)))
            take_over(order, world);
        break;
    case TR_ONCE_BEGIN: /* after those that were left unfinished */
    case TR_ONCE_SEEN:
    case TR_HB_AFTER:
        take_over(order, world);
        break;
    case TR_SEM_WAIT:
    case TR_SEM_POST:
        semaphore(order, world, ev);
        break;
    case TR_BARRIER_ENTER:
        enter_barrier(order, world);
        break;
    case TR_BARRIER_EXIT:
        leave_barrier(order, world);
        break;
    case TR_THREAD_CREATE:
        create(order, world, ev);
        break;
    case TR_THREAD_START:
        start(order, world);
        break;
    case TR_JOIN:
        join(order, world, ev);
        break;
    case TR_THREAD_CANCEL:
        cancel(order, world, ev);
        break;
    case TR_THREAD_EXIT:
        end_thread(order, world, ev);
        break;
    case TR_ATOMIC_LOAD:
    case TR_ATOMIC_STORE:
    case TR_ATOMIC_RMW:
        atomic_event(order, world, ev);
        break;
    case TR_FENCE:
        fence(order, world, ev);
        break;
    default:
        break;
    }
}

void an_order_release(struct an_order *order)
{
    vec_each (struct an_order_thread *, thread, &order->threads) {
        thread_clear(*thread);
        free(*thread);
    }
    vec_each (struct an_order_object *, object, &order->objects)
        object_free(*object);
    vec_each (struct an_order_atomic *, atomic, &order->atomics) {
        if (*atomic)
            an_past_release(&(*atomic)->release);
        free(*atomic);
    }
    vec_release(&order->threads);
    vec_release(&order->objects);
    vec_release(&order->atomics);
}
