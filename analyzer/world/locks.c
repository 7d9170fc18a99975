/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/locks.h"

#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"

static void no_longer(struct an_object *object, struct an_thread *thread, bool shared)
{
    struct an_lock *lock = &object->lock;
    if (!shared) {
        if (lock->owner == thread)
            lock->owner = NULL;
        return;
    }
    for (size_t i = lock->readers.count; i-- > 0;) {
        if (lock->readers.at[i] == thread) {
            vec_remove(&lock->readers, i);
            return;
        }
    }
}

static void let_go(struct an_object *object, struct an_thread *thread, struct an_held *held)
{
    no_longer(object, thread, held->shared);
    vec_remove(&thread->held, (size_t)(held - thread->held.at));
    thread->lockset_known = false;
}

/* THREAD does not know that its hold of what lies at ADDRESS was ended by somebody else. */
static void rob(struct an_thread *thread, uint64_t address)
{
    *vec_push(&thread->robbed) = address;
}

static bool was_robbed(struct an_thread *thread, uint64_t address)
{
    bool found = false;
    for (size_t i = thread->robbed.count; i-- > 0;)
        if (thread->robbed.at[i] == address) {
            vec_remove(&thread->robbed, i);
            found = true;
        }
    return found;
}

static void party(struct an_world *world, struct an_object *object, struct an_thread *thread)
{
    struct an_held *held = an_thread_holds(thread, object);
    if (!held || !an_thread_lives(thread))
        return;
    *vec_push(&world->now.ended_holds.of) = (struct an_hold){thread, *held};
    let_go(object, thread, held);
    rob(thread, object->address);
}

void an_lock_ends(struct an_world *world, struct an_object *object)
{
    struct an_lock *lock = &object->lock;
    size_t before = world->now.ended_holds.of.count;
    if (lock->owner)
        party(world, object, lock->owner);
    for (size_t i = lock->readers.count; i-- > 0;)
        if (i < lock->readers.count)
            party(world, object, lock->readers.at[i]);
    object->ended_in_use = world->now.ended_holds.of.count > before || lock->waiters.count;
}

static void acquired(struct an_world *world, struct an_object *object, const struct tr_event *ev)
{
    struct an_thread *thread = world->now.thread;
    struct an_held *held = an_thread_holds(thread, object);
    an_wait_end(thread);
    if (thread->robbed.count)
        was_robbed(thread, object->address);
    if (held && !(held->shared && !(ev->mode & TR_LOCK_SHARED))) {
        held->depth++;
        return;
    }
    /* Its owner died holding it (EOWNERDEAD), or its release was lost. */
    struct an_thread *owner = object->lock.owner;
    if (owner && (held = an_thread_holds(owner, object))) {
        let_go(object, owner, held);
        rob(owner, object->address);
        world->now.succeeded = owner;
    }
    world->now.outermost = true;
    object->lock.acquisitions++;
    an_doers_note(&object->lock.takers, thread, ev);
    object->lock.shared_acquisitions += (ev->mode & TR_LOCK_SHARED) != 0;
    thread->lockset_known = false;
    *vec_push(&thread->held) = (struct an_held){
        .object = object,
        .index = ev->index,
        .time = ev->time,
        .version = ev->version,
        .stack = ev->stack,
        .depth = 1,
        .shared = (ev->mode & TR_LOCK_SHARED) != 0,
        .tried = (ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED)) != 0,
        .contended = (ev->mode & TR_LOCK_CONTENDED) != 0,
        .in_wait = (ev->mode & TR_LOCK_IN_WAIT) != 0,
    };
    if (ev->mode & TR_LOCK_SHARED)
        *vec_push(&object->lock.readers) = thread;
    else
        object->lock.owner = thread;
}

/* Whose hold a release ends: the thread's own, or, where another thread unlocks, the owner's. */
static struct an_thread *holder(struct an_object *object, struct an_thread *thread)
{
    if (an_thread_holds(thread, object))
        return thread;
    if (object->lock.owner)
        return object->lock.owner;
    return object->lock.readers.count ? *vec_last(&object->lock.readers) : NULL;
}

static void released(struct an_world *world, struct an_object *object, const struct tr_event *ev)
{
    struct an_thread *thread = holder(object, world->now.thread);
    if (thread != world->now.thread)
        world->now.was_robbed = was_robbed(world->now.thread, object->address);
    if (!thread && world->lost_until && !(ev->mode & TR_LOCK_FOREIGN))
        *vec_push(&world->now.thread->gave_back) = object;
    if (!thread) {
        world->now.outermost = !(ev->mode & TR_LOCK_NESTED);
        world->now.released = (struct an_held){.shared = (ev->mode & TR_LOCK_SHARED) != 0};
        return;
    }
    struct an_held *held = an_thread_holds(thread, object);
    /* Readers may be let in many times, and no flag tells; of the rest the trace knows. */
    if (held->shared ? held->depth > 1 : (ev->mode & TR_LOCK_NESTED) != 0) {
        held->depth -= held->depth > 1;
        return;
    }
    world->now.outermost = true;
    world->now.released = *held;
    world->now.released_by_other = thread != world->now.thread;
    world->now.released_of = thread;
    let_go(object, thread, held);
    if (world->now.released_by_other)
        rob(thread, object->address);
}

/* When the holder took the lock may be missing; who waits for it says who that is. */
static void infer_holder(struct an_world *world, struct an_object *object,
                         const struct tr_event *ev)
{
    if (!world->lost_until || ev->version <= object->lock.version || object->lock.owner ||
        ev->a0 >= TR_NO_THREAD)
        return;
    struct an_thread *waiter = world->now.thread;
    struct an_thread *owner = an_thread(world, (uint32_t)ev->a0);
    world->threads.latest = waiter;
    if (an_thread_holds(owner, object))
        return;
    *vec_push(&owner->held) = (struct an_held){.object = object, .depth = 1};
    owner->lockset_known = false;
    object->lock.owner = owner;
}

void an_locks_event(struct an_world *world, const struct tr_event *ev)
{
    enum tr_object_type type = (enum tr_object_type)tr_type(ev->mode);
    struct an_object *object = ev->kind == TR_TRY_FAIL ? an_object_waited(world, ev, type)
                                                       : an_object(world, ev, ev->object, type);
    struct an_thread *thread = world->now.thread;
    world->now.object = object;
    switch (ev->kind) {
    case TR_REQUEST:
        infer_holder(world, object, ev);
        an_wait_begin(thread, AN_WAIT_LOCK, ev);
        thread->wait.object = object;
        *vec_push(&object->lock.waiters) = thread;
        break;
    case TR_ACQUIRE:
        acquired(world, object, ev);
        object->lock.version = ev->version;
        break;
    case TR_RELEASE:
        world->now.last_release = object->lock.last_release;
        released(world, object, ev);
        object->lock.last_release = (struct an_release){thread, ev->index, ev->stack};
        object->lock.version = ev->version;
        break;
    case TR_TRY_FAIL:
        an_wait_end(thread);
        break;
    default:
        break;
    }
}

/* The set that THREAD holds, ascending, in SCRATCH. */
static void list_set(struct an_locksets *sets, const struct an_thread *thread)
{
    vec_clear(&sets->scratch);
    vec_each (struct an_held, held, &thread->held) {
        uint32_t lock = held->object->id << 1 | held->shared;
        size_t i = sets->scratch.count;
        for (*vec_push(&sets->scratch) = lock; i > 0 && sets->scratch.at[i - 1] > lock; i--)
            sets->scratch.at[i] = sets->scratch.at[i - 1];
        sets->scratch.at[i] = lock;
    }
}

static uint32_t number_of(struct an_world *world, const struct an_thread *thread)
{
    struct an_locksets *sets = &world->locksets;
    if (!thread->held.count)
        return 0;
    list_set(sets, thread);
    uint32_t count = (uint32_t)sets->scratch.count;
    size_t size = count * sizeof *sets->scratch.at;
    uint64_t hash = count;
    vec_each (uint32_t, lock, &sets->scratch)
        hash = sn_mix(hash ^ *lock);
    uint64_t *latest = sn_map_at(&sets->by_hash, hash);
    for (uint32_t number = (uint32_t)*latest; number; number = sets->next.at[number]) {
        const struct an_lockset *set = sets->all.at[number];
        if (set->count == count && memcmp(set->locks, sets->scratch.at, size) == 0)
            return number;
    }
    if (!sets->all.count) { /* number 0 is the empty set */
        (void)vec_push(&sets->all);
        (void)vec_push(&sets->next);
    }
    struct an_lockset *set = sn_alloc(&world->arena, sizeof *set + size);
    set->count = count;
    memcpy(set->locks, sets->scratch.at, size);
    *vec_push(&sets->all) = set;
    *vec_push(&sets->next) = (uint32_t)*latest;
    return (uint32_t)(*latest = sets->all.count - 1);
}

uint32_t an_thread_lockset(struct an_world *world, struct an_thread *thread)
{
    if (!thread->lockset_known) {
        thread->lockset = number_of(world, thread);
        thread->lockset_known = true;
    }
    return thread->lockset;
}

const struct an_lockset *an_lockset(const struct an_world *world, uint32_t number)
{
    static const struct an_lockset empty;
    return number && number < world->locksets.all.count ? world->locksets.all.at[number] : &empty;
}

bool an_lockset_has(const struct an_world *world, uint32_t number, const struct an_object *lock)
{
    const struct an_lockset *set = an_lockset(world, number);
    for (uint32_t i = 0; i < set->count; i++)
        if (set->locks[i] == lock->id << 1)
            return true;
    return false;
}

void an_locksets_release(struct an_world *world)
{
    vec_release(&world->locksets.all);
    vec_release(&world->locksets.next);
    vec_release(&world->locksets.scratch);
    sn_map_release(&world->locksets.by_hash);
}

void an_lock_release(struct an_lock *lock)
{
    vec_release(&lock->readers);
    vec_release(&lock->waiters);
}
