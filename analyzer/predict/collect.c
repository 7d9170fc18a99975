/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/collect.h"

#include "analyzer/predict/awaits.h"
#include "analyzer/predict/doubt.h"
#include "analyzer/predict/semaphore_locks.h"

enum { RANGE_LOOKED_AT = 64 << 20 /* of one access: its first bytes */ };

enum { BYTES_OF_OP = 256 /* of memory, for all that is made of an operation, at most */ };

#define LEFT_OUT UINT32_MAX /* the number of a granule in the second look */

/*
 * 8 aligned bytes, from first use to the end of what lies there. Between the looks neighbours
 * become one that were always accessed together, and as a whole: what happens to one of them stands
 * for all.
 */
struct granule {
    uint64_t address;
    uint64_t seen;     /* first look: a hash of all that happened; second: the event told last */
    uint64_t serial;   /* 1, 2, 3 ... by first use, the same in both looks; 0: it has ended */
    uint32_t thread;   /* the first one, plus 1 */
    uint32_t variable; /* of its first bytes */
    uint32_t count;    /* of neighbours, itself included; their serials follow its own */
    uint16_t cuts;     /* bit I: an access begins or ends at byte I */
    bool several, written, atomic, suspect;
};

/* A release sequence, as who reads its end sees it: the channels of it and of a fence before it. */
struct sequence {
    uint64_t address;
    uint32_t next;       /* of the same granule, or 0 */
    uint32_t writer;     /* thread of the latest store, plus 1 */
    uint32_t own, fence; /* channels, or 0 */
};

struct of_object {
    uint32_t variable; /* of a lock that was tried in vain, plus 1; or 0 */
    bool in_vain;
    uint32_t channel; /* what it passes on; of a barrier: the round that fills. 0: none yet */
    uint32_t before;  /* of a barrier: the round before, or 0 */
};

struct channels {
    VEC(uint32_t) of;
};

struct of_thread {
    uint32_t cancelled;     /* channel from who cancelled it, until it does something */
    bool unsure;            /* something that came before may be missing */
    uint32_t round;         /* channel of the barrier's round in which it is */
    uint32_t release_fence; /* channel */
    struct channels read;   /* by relaxed loads, until an acquire fence */
    uint32_t writes;        /* what stands for its writes of this epoch, or 0 */
    struct sn_map read_of;  /* by thread: the latest of those that a read has told */
};

struct collector {
    const struct an_collect_options *options;
    struct an_world *world;
    struct an_run *run;
    bool filtered;                  /* see run.h */
    bool telling;                   /* the second look */
    size_t most_ops;                /* the run is cut behind these */
    uint64_t serial;                /* of the latest granule */
    VEC(struct granule) granules;   /* first look: number N, which the memory keeps, is at N - 1 */
    VEC(uint32_t) spare;            /* numbers of those that have ended */
    VEC(struct granule) kept;       /* those that matter, by serial: numbers of the second look */
    size_t met;                     /* so many of them in the second look */
    VEC(struct sequence) sequences; /* 0 is none */
    struct sn_map sequence_of;      /* by the granule's serial: the first one */
    VEC(struct of_object) objects;  /* by id */
    struct an_semaphore_locks semaphore_locks;
    struct an_awaits awaits;
    VEC(struct of_thread) threads; /* by index */
    uint64_t event;                /* the number of the present one */
    size_t suspects;               /* passed in the first look */
    bool matters;                  /* the present event accesses memory that several use */
    bool parted;                   /* what was told last of it is no access, and ends an epoch */
    /* Variables that stand for writes: of each the thread, and the first of them. Their number plus
     * 1 is kept for the last write of each quiet variable; 0: there was none. */
    VEC(uint32_t) who, writers;
    struct sn_map perhaps; /* the same of variables that are not quiet, by number plus 1, where a
                              write was not seen; 0: a later one was */
    uint32_t first_standing;
    bool not_seen; /* the present write: whether it was made nobody knows */
    bool deferred; /* the present event */
};

/* Telling. --------------------------------------------------------------------------------------
 */

static struct of_thread *of_thread(struct collector *c, uint32_t index)
{
    while (c->threads.count <= index)
        (void)vec_push(&c->threads);
    return &c->threads.at[index];
}

static void tell(struct collector *c, enum tr_op_kind kind, uint32_t target)
{
    if (!c->telling)
        return;
    c->parted = !tr_op_is_access(kind);
    if (c->parted)
        of_thread(c, c->world->now.thread->index)->writes = 0;
    an_run_add(c->run, (struct tr_op){.thread = c->world->now.thread->index & 0xffffff,
                                      .kind = kind,
                                      .target = target});
    *vec_push(&c->run->events) = c->event;
    *vec_push(&c->run->deferred) = c->deferred;
}

static uint32_t channel_new(struct collector *c)
{
    return c->run->channels++;
}

static struct of_object *of_object(struct collector *c, uint32_t id)
{
    while (c->objects.count <= id)
        (void)vec_push(&c->objects);
    return &c->objects.at[id];
}

/* What the present object passes on. */
static uint32_t channel_of(struct collector *c)
{
    struct of_object *object = of_object(c, c->world->now.object->id);
    if (!object->channel)
        object->channel = channel_new(c);
    return object->channel;
}

/* Memory. ---------------------------------------------------------------------------------------
 */

static uint32_t number_new(struct collector *c, uint64_t address)
{
    c->serial++;
    if (c->telling) {
        const struct granule *next = c->met < c->kept.count ? &c->kept.at[c->met] : NULL;
        if (!next || c->serial < next->serial)
            return LEFT_OUT;
        uint32_t number = (uint32_t)c->met + 1;
        c->met += c->serial + 1 == next->serial + next->count;
        return number;
    }
    if (!c->spare.count) {
        (void)vec_push(&c->granules);
        *vec_push(&c->spare) = (uint32_t)c->granules.count;
    }
    uint32_t number = *vec_pop(&c->spare);
    c->granules.at[number - 1] =
        (struct granule){.address = address & ~UINT64_C(7), .serial = c->serial, .count = 1};
    return number;
}

/* NULL: it is left out. */
static struct granule *granule_at(struct collector *c, uint64_t address)
{
    uint32_t *number = an_memory_number(&c->world->memory, address);
    if (!*number)
        *number = number_new(c, address);
    if (!c->telling)
        return &c->granules.at[*number - 1];
    return *number == LEFT_OUT ? NULL : &c->kept.at[*number - 1];
}

/* Does it matter? */
static bool is_kept(const struct collector *c, const struct granule *granule)
{
    return c->options->all || (granule->several && granule->written);
}

/* No other order makes accesses of it race. What is left to say is who read what. */
static bool is_quiet(const struct collector *c, const struct granule *granule)
{
    return c->options->suspects && c->filtered && !c->options->all && !granule->suspect &&
           !granule->atomic;
}

/*
 * Quiet memory is told by epoch: where accesses are filtered, who reads what another wrote in an
 * epoch needs that whole epoch, and so one variable can stand for all that a thread writes in one.
 * It is read only by who did not read a later one of that thread. So what is told of quiet memory
 * is linear in synchronisation, however much is accessed.
 */
static void read_standing(struct collector *c, uint32_t writer)
{
    uint32_t index = c->world->now.thread->index;
    uint32_t other = c->who.at[writer - 1 - c->first_standing];
    uint64_t *latest = other == index ? NULL : sn_map_at(&of_thread(c, index)->read_of, other);
    if (latest && *latest < writer) {
        *latest = writer;
        tell(c, TR_OP_READ, writer - 1);
    }
}

static uint32_t standing_now(struct collector *c)
{
    uint32_t index = c->world->now.thread->index;
    struct of_thread *thread = of_thread(c, index);
    if (!thread->writes) {
        tell(c, TR_OP_WRITE, c->run->variables);
        thread->writes = c->run->variables;
        *vec_push(&c->who) = index;
    }
    return thread->writes;
}

static void touch_quiet(struct collector *c, enum tr_op_kind kind, uint32_t variable)
{
    uint32_t writer = c->writers.at[variable];
    if (an_run_reads(c->run, kind) && writer)
        read_standing(c, writer);
    if (tr_op_writes(kind))
        c->writers.at[variable] = standing_now(c);
}

/* Of a write that was not seen what stands for all of its epoch is left: so it races with nothing,
 * and who reads it needs that epoch. */
static void touch_variable(struct collector *c, enum tr_op_kind kind, uint32_t variable)
{
    uint64_t *perhaps = c->perhaps.count ? sn_map_find(&c->perhaps, variable + 1) : NULL;
    if (c->not_seen) {
        *sn_map_at(&c->perhaps, variable + 1) = standing_now(c);
        return;
    }
    if (perhaps && *perhaps && an_run_reads(c->run, kind))
        read_standing(c, (uint32_t)*perhaps);
    if (perhaps && tr_op_writes(kind))
        *perhaps = 0;
    tell(c, kind, variable);
}

static uint32_t variables_before(const struct granule *granule, unsigned byte)
{
    return (uint32_t)__builtin_popcount(granule->cuts & ((1u << byte) - 1));
}

/* KIND accesses bytes FROM to TO of a granule. */
static void touch(struct collector *c, struct granule *granule, enum tr_op_kind kind, unsigned from,
                  unsigned to)
{
    uint32_t thread = c->world->now.thread->index + 1;
    if (!c->telling) {
        granule->several |= granule->thread && granule->thread != thread;
        granule->thread = granule->thread ? granule->thread : thread;
        granule->written |= tr_op_writes(kind);
        granule->atomic |= tr_op_is_atomic(kind);
        granule->cuts |= (uint16_t)(1u << from | 1u << to);
        granule->seen = sn_mix(granule->seen ^ (c->event << 12 | kind << 8 | from << 4 | to));
        return;
    }
    c->matters = true;
    if (granule->count > 1) {
        if (granule->seen == c->event)
            return;
        granule->seen = c->event;
    }
    bool quiet = is_quiet(c, granule);
    uint32_t first = variables_before(granule, from), behind = variables_before(granule, to);
    for (uint32_t i = granule->variable + first; i < granule->variable + behind; i++)
        if (quiet)
            touch_quiet(c, kind, i);
        else
            touch_variable(c, kind, i);
}

static void access(struct collector *c, enum tr_op_kind kind, uint64_t address, uint64_t size)
{
    uint64_t end = address + (size < RANGE_LOOKED_AT ? size : RANGE_LOOKED_AT);
    if (end < address)
        return;
    for (uint64_t at = address & ~UINT64_C(7); at < end; at += 8) {
        struct granule *granule = granule_at(c, at);
        if (granule)
            touch(c, granule, kind, at < address ? (unsigned)(address - at) : 0,
                  at + 8 > end ? (unsigned)(end - at) : 8);
    }
}

enum { WHOLE = 1 << 0 | 1 << 8 }; /* cuts of a granule */

static bool is_alike(const struct granule *a, const struct granule *b)
{
    return b->serial == a->serial + a->count && b->address == a->address + UINT64_C(8) * a->count &&
           b->seen == a->seen && a->cuts == WHOLE && b->cuts == WHOLE && !b->atomic &&
           b->suspect == a->suspect;
}

static void keep(struct collector *c, const struct granule *granule)
{
    struct granule *last = c->kept.count ? vec_last(&c->kept) : NULL;
    if (last && is_alike(last, granule))
        last->count += granule->count;
    else
        *vec_push(&c->kept) = *granule;
}

static void free_granule(void *data, struct an_cell *cell, uint64_t address)
{
    struct collector *c = data;
    if (!cell->number)
        return;
    struct granule *granule = granule_at(c, address);
    if (granule && granule->cuts)
        touch(c, granule, TR_OP_WRITE, (unsigned)__builtin_ctz(granule->cuts),
              31u - (unsigned)__builtin_clz(granule->cuts));
    if (!c->telling) {
        if (is_kept(c, granule))
            keep(c, granule);
        granule->serial = 0;
        *vec_push(&c->spare) = cell->number;
    }
    cell->number = 0;
}

/* Before the world forgets what was there. */
static void free_memory(struct collector *c, const struct tr_event *ev)
{
    const struct an_block *block = ev->a0 ? NULL : an_heap_block(&c->world->heap, ev->object);
    uint64_t size = ev->a0 ? ev->a0 : block ? block->size : 0;
    c->world->now.thread = an_thread(c->world, ev->thread);
    if (size)
        an_memory_visit(&c->world->memory, ev->object, size, free_granule, c);
}

/* Atomics. --------------------------------------------------------------------------------------
 */

enum { RELAXED = 0, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

static bool acquires(unsigned order)
{
    return order != RELAXED && order != RELEASE;
}

static bool releases(unsigned order)
{
    return order >= RELEASE;
}

static struct sequence *sequence_at(struct collector *c, uint64_t address)
{
    if (!c->sequences.count)
        (void)vec_push(&c->sequences);
    uint64_t *first = sn_map_at(&c->sequence_of, granule_at(c, address)->serial);
    for (uint64_t i = *first; i; i = c->sequences.at[i].next)
        if (c->sequences.at[i].address == address)
            return &c->sequences.at[i];
    struct sequence *sequence = vec_push(&c->sequences);
    *sequence = (struct sequence){.address = address, .next = (uint32_t)*first};
    *first = c->sequences.count - 1;
    return sequence;
}

static void observe(struct collector *c, uint32_t channel, unsigned order)
{
    if (!channel)
        return;
    if (acquires(order))
        tell(c, TR_OP_OBSERVE, channel);
    else
        *vec_push(&of_thread(c, c->world->now.thread->index)->read.of) = channel;
}

static void publish(struct collector *c, struct sequence *sequence, unsigned order, bool update)
{
    uint32_t thread = c->world->now.thread->index;
    if (!update && sequence->writer != thread + 1)
        sequence->own = sequence->fence = 0;
    sequence->writer = thread + 1;
    if (releases(order)) {
        sequence->own = sequence->own ? sequence->own : channel_new(c);
        tell(c, TR_OP_PUBLISH, sequence->own);
    } else if (of_thread(c, thread)->release_fence) {
        sequence->fence = of_thread(c, thread)->release_fence;
    }
}

static void atomic(struct collector *c, const struct tr_event *ev)
{
    static const enum tr_op_kind kinds[] = {TR_OP_ATOMIC_READ, TR_OP_ATOMIC_WRITE,
                                            TR_OP_ATOMIC_UPDATE};
    unsigned order = tr_memory_order(ev->mode);
    access(c, kinds[ev->kind - TR_ATOMIC_LOAD], ev->object, tr_access_size(ev->mode));
    if (!c->telling || !granule_at(c, ev->object)) /* one thread's tell it nothing */
        return;
    uint32_t number = (uint32_t)(sequence_at(c, ev->object) - c->sequences.at);
    if (ev->kind != TR_ATOMIC_STORE) {
        observe(c, c->sequences.at[number].own, order);
        observe(c, c->sequences.at[number].fence, order);
    }
    if (ev->kind != TR_ATOMIC_LOAD)
        publish(c, &c->sequences.at[number], order, ev->kind == TR_ATOMIC_RMW);
}

static void fence(struct collector *c, const struct tr_event *ev)
{
    struct of_thread *thread = of_thread(c, c->world->now.thread->index);
    unsigned order = tr_memory_order(ev->mode);
    if (acquires(order)) {
        vec_each (uint32_t, channel, &thread->read.of)
            tell(c, TR_OP_OBSERVE, *channel);
        vec_clear(&thread->read.of);
    }
    if (releases(order)) {
        thread->release_fence = channel_new(c);
        tell(c, TR_OP_PUBLISH, thread->release_fence);
    }
}

/* Locks and their like. -------------------------------------------------------------------------
 */

/* The state of an object that was tried in vain is read, written, or both. */
static void state(struct collector *c, enum tr_op_kind kind)
{
    const struct of_object *object = of_object(c, c->world->now.object->id);
    if (object->variable)
        tell(c, kind, object->variable - 1);
}

static void acquire(struct collector *c, const struct tr_event *ev)
{
    bool shared = ev->mode & TR_LOCK_SHARED, try = ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED);
    if (!c->world->now.outermost)
        return;
    /* Readers come and go: who stands in a writer's way is told by all that has been. */
    state(c, tr_type(ev->mode) == TR_TYPE_RWLOCK ? TR_OP_ATOMIC_UPDATE : TR_OP_ATOMIC_WRITE);
    tell(c,
         shared ? try ? TR_OP_TRY_SHARED : TR_OP_ACQUIRE_SHARED
         : try  ? TR_OP_TRY
                : TR_OP_ACQUIRE,
         c->world->now.object->id);
}

static void release(struct collector *c, const struct tr_event *ev)
{
    if (!c->world->now.outermost)
        return;
    tell(c, ev->mode & TR_LOCK_SHARED ? TR_OP_RELEASE_SHARED : TR_OP_RELEASE,
         c->world->now.object->id);
    if (tr_type(ev->mode) == TR_TYPE_RWLOCK)
        state(c, TR_OP_ATOMIC_UPDATE);
}

static void fail(struct collector *c, const struct tr_event *ev)
{
    if (!c->world->now.object || !(ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMEOUT)))
        return;
    of_object(c, c->world->now.object->id)->in_vain = true;
    state(c, TR_OP_ATOMIC_READ);
}

static void note_semaphore(struct collector *c, bool post)
{
    const struct an_object *object = c->world->now.object;
    if (!an_semaphore_may_be_lock(object))
        an_semaphore_locks_exclude(&c->semaphore_locks, object->id);
    an_semaphore_locks_use(&c->semaphore_locks, object->id, c->world->now.thread->index, post);
}

static void tell_tokens(struct collector *c, bool post)
{
    uint32_t id = c->world->now.object->id;
    while (c->run->initial.count <= id)
        (void)vec_push(&c->run->initial);
    c->run->initial.at[id] = (uint32_t)c->world->now.object->initial;
    tell(c, post ? TR_OP_POST : TR_OP_WAIT, id);
}

/* Whether it is a lock the first look finds out, by all that happens to it. */
static void semaphore(struct collector *c, const struct tr_event *ev)
{
    uint32_t id = c->world->now.object->id;
    bool post = ev->kind == TR_SEM_POST, try = ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED);
    if (!c->telling) {
        note_semaphore(c, post);
        return;
    }
    if (!post)
        state(c, TR_OP_ATOMIC_UPDATE);
    if (!an_semaphore_locks_has(&c->semaphore_locks, id))
        tell_tokens(c, post);
    else
        tell(c, post ? TR_OP_RELEASE : try ? TR_OP_TRY : TR_OP_ACQUIRE, id);
}

/* Rounds as in world/order.c. */
static void barrier(struct collector *c, const struct tr_event *ev)
{
    struct of_thread *thread = of_thread(c, c->world->now.thread->index);
    struct of_object *object = of_object(c, c->world->now.object->id);
    bool crowded = an_barrier_is_crowded(c->world->now.object);
    if (ev->kind == TR_BARRIER_ENTER) {
        thread->round = channel_of(c);
        tell(c, TR_OP_SEND, thread->round);
        if (c->world->now.fills_round && !crowded) {
            object->before = object->channel;
            object->channel = 0;
        }
    } else if (thread->round) {
        tell(c, TR_OP_RECEIVE, thread->round);
        if (crowded && object->channel && object->channel != thread->round)
            tell(c, TR_OP_RECEIVE, object->channel);
        if (crowded && object->before && object->before != thread->round)
            tell(c, TR_OP_RECEIVE, object->before);
        thread->round = 0;
    }
}

static void condition(struct collector *c, const struct tr_event *ev)
{
    if (ev->kind == TR_COND_SIGNAL)
        tell(c, TR_OP_SEND, channel_of(c));
    else if (ev->kind == TR_COND_WAKE && !(ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED)))
        tell(c, TR_OP_RECEIVE, channel_of(c));
}

/* Behind all else that the event is. */
static void await(struct collector *c, const struct tr_event *ev)
{
    const struct an_thread *thread = c->world->now.thread;
    if (c->telling)
        an_awaits_tell(&c->awaits, c->world, ev, c->run);
    else
        an_awaits_note(&c->awaits, c->world, ev,
                       (uint32_t)thread->held.count +
                           an_semaphore_locks_held(&c->semaphore_locks, thread->index));
}

/* Threads. --------------------------------------------------------------------------------------
 */

static void thread_event(struct collector *c, const struct tr_event *ev)
{
    struct an_thread *other = NULL;
    if (ev->kind == TR_THREAD_CREATE || ev->kind == TR_JOIN || ev->kind == TR_THREAD_CANCEL)
        other = an_thread_find(c->world, (uint32_t)ev->a0);
    if (ev->kind == TR_THREAD_START && !c->world->now.thread->created &&
        c->world->now.thread->number &&
        !(tr_reader_header(c->world->reader)->flags & TR_IS_IMPORTED))
        tell(c, TR_OP_UNKNOWN, 0); /* nobody knows who made it; in a text nobody need have */
    if (!other || other == c->world->now.thread)
        return;
    if (ev->kind == TR_THREAD_CANCEL) {
        struct of_thread *of = of_thread(c, other->index);
        of->cancelled = of->cancelled ? of->cancelled : channel_new(c);
        tell(c, TR_OP_SEND, of->cancelled);
    } else {
        if (c->telling && ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED))
            *vec_push(&c->run->limited) = c->run->ops.count;
        tell(c, ev->kind == TR_JOIN ? TR_OP_JOIN : TR_OP_FORK, other->index);
    }
}

/* Whatever a cancelled thread does next may be due to that. */
static void cancelled(struct collector *c)
{
    struct of_thread *thread = of_thread(c, c->world->now.thread->index);
    if (thread->cancelled)
        tell(c, TR_OP_RECEIVE, thread->cancelled);
    thread->cancelled = 0;
}

/* All of it. ------------------------------------------------------------------------------------
 */

static void follow(struct collector *c, const struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_READ:
    case TR_WRITE:
        access(c, ev->kind == TR_READ ? TR_OP_READ : TR_OP_WRITE, ev->object,
               tr_access_size(ev->mode));
        break;
    case TR_READ_RANGE:
    case TR_WRITE_RANGE:
        access(c, ev->kind == TR_READ_RANGE ? TR_OP_READ : TR_OP_WRITE, ev->object, ev->a0);
        break;
    case TR_ATOMIC_LOAD:
    case TR_ATOMIC_STORE:
    case TR_ATOMIC_RMW:
        atomic(c, ev);
        break;
    case TR_FENCE:
        fence(c, ev);
        break;
    case TR_ACQUIRE:
        acquire(c, ev);
        if (ev->mode & TR_LOCK_IN_WAIT)
            await(c, ev);
        break;
    case TR_RELEASE:
        release(c, ev);
        break;
    case TR_TRY_FAIL:
        fail(c, ev);
        break;
    case TR_SEM_WAIT:
    case TR_SEM_POST:
        semaphore(c, ev);
        await(c, ev);
        break;
    case TR_BARRIER_ENTER:
    case TR_BARRIER_EXIT:
        barrier(c, ev);
        await(c, ev);
        break;
    case TR_COND_WAIT:
    case TR_COND_SIGNAL:
    case TR_COND_WAKE:
        condition(c, ev);
        await(c, ev);
        break;
    case TR_ONCE_END:
    case TR_HB_BEFORE:
        tell(c, TR_OP_SEND, channel_of(c));
        break;
    case TR_ONCE_SEEN:
    case TR_HB_AFTER:
        tell(c, TR_OP_RECEIVE, channel_of(c));
        break;
    case TR_THREAD_START:
    case TR_THREAD_CREATE:
    case TR_THREAD_CANCEL:
    case TR_JOIN:
        thread_event(c, ev);
        break;
    default:
        break;
    }
}

static bool becomes_unsure(struct collector *c, const struct tr_event *ev)
{
    struct of_thread *thread = of_thread(c, c->world->now.thread->index);
    bool new = ev->unsure && !thread->unsure;
    thread->unsure |= new;
    return new;
}

/* Marks those that became suspects by this event, of which memory knows. None is made for it: both
 * looks have to meet them in one order. Gives the place behind them. */
static size_t suspect(struct collector *c, const struct tr_event *ev)
{
    const struct an_suspects *suspects = c->telling ? NULL : c->options->suspects;
    size_t i = c->suspects;
    for (; suspects && i < suspects->of.count && suspects->of.at[i].index == ev->index; i++)
        if (*an_memory_number(&c->world->memory, suspects->of.at[i].granule))
            granule_at(c, suspects->of.at[i].granule)->suspect = true;
    return i;
}

static void one_event(struct collector *c, const struct tr_event *ev)
{
    c->event = an_event_number(c->world->reader, ev);
    c->matters = c->parted = false;
    c->deferred = tr_is_deferred(ev);
    c->not_seen = c->deferred && ev->mode & TR_ACC_PERHAPS;
    (void)suspect(c, ev);
    if (ev->kind == TR_FREE)
        free_memory(c, ev);
    an_world_event(c->world, ev);
    cancelled(c);
    follow(c, ev);
    c->suspects = suspect(c, ev);
    if (!c->telling)
        return;
    if (((tr_is_access(ev->kind) || tr_is_atomic(ev->kind)) && ev->mode & TR_ACC_SOURCE_UNKNOWN &&
         c->matters) ||
        becomes_unsure(c, ev) || (c->options->unknown && c->options->unknown(c->options->data, ev)))
        tell(c, TR_OP_UNKNOWN, 0);
    if (c->filtered && !c->parted && tr_moves_epoch(ev->kind, ev->mode))
        tell(c, TR_OP_NONE, 0); /* the epoch ends, whether the event means anything here or not */
}

static int by_serial(const void *left, const void *right)
{
    const struct granule *a = left, *b = right;
    return a->serial < b->serial ? -1 : a->serial > b->serial;
}

/* Between the looks: what matters of what has not ended is kept, too. */
static void keep_granules(struct collector *c)
{
    vec_each (struct granule, granule, &c->granules)
        if (granule->serial && is_kept(c, granule))
            keep(c, granule);
    vec_release(&c->granules);
    vec_release(&c->spare);
    if (c->kept.count)
        qsort(c->kept.at, c->kept.count, sizeof *c->kept.at, by_serial);
    size_t sorted = c->kept.count;
    c->kept.count = 0;
    for (size_t i = 0; i < sorted; i++) {
        struct granule granule = c->kept.at[i];
        keep(c, &granule);
    }
}

/* As many operations as memory is left for. Their numbers take 32 bits. */
static size_t most_ops(const struct collector *c)
{
    uint64_t fit = c->options->bounded ? sn_memory_left() / BYTES_OF_OP + 1 : INT32_MAX;
    return fit < INT32_MAX ? (size_t)fit : INT32_MAX;
}

/* Numbers of variables, and of locks that were tried in vain. */
static void number_variables(struct collector *c)
{
    vec_each (struct granule, granule, &c->kept) {
        granule->seen = 0;
        if (is_quiet(c, granule)) {
            granule->variable = (uint32_t)c->writers.count;
            for (int i = __builtin_popcount(granule->cuts); i > 1; i--)
                (void)vec_push(&c->writers);
            continue;
        }
        granule->variable = c->run->variables;
        for (unsigned left = granule->cuts; left & (left - 1); left &= left - 1) {
            *vec_push(&c->run->addresses) = granule->address + (unsigned)__builtin_ctz(left);
            c->run->variables++;
        }
    }
    vec_each (struct of_object, object, &c->objects) {
        object->channel = object->before = 0;
        if (object->in_vain)
            object->variable = ++c->run->variables;
    }
    c->first_standing = c->run->variables;
}

static void forget_threads(struct collector *c)
{
    vec_each (struct of_thread, thread, &c->threads) {
        vec_release(&thread->read.of);
        sn_map_release(&thread->read_of);
    }
    vec_clear(&c->threads);
}

static int look(struct collector *c, struct tr_reader *reader, struct sn_error *err)
{
    struct tr_event ev;
    int more;
    an_world_init(c->world, reader);
    c->world->light = true;
    c->serial = 0;
    while ((more = tr_reader_next(reader, &ev, err)) > 0) {
        one_event(c, &ev);
        if (c->run->ops.count >= c->most_ops) {
            c->run->cut = c->event;
            return 0;
        }
    }
    return more;
}

int an_collect(struct tr_reader *reader, const struct an_collect_options *options,
               struct an_world *world, struct an_run *run, struct sn_error *err)
{
    struct collector c = {.options = options,
                          .world = world,
                          .run = run,
                          .most_ops = SIZE_MAX,
                          .filtered = tr_reader_header(reader)->flags & TR_FILTER_SAME_EPOCH};
    tr_reader_rewind(reader);
    int code = look(&c, reader, err);
    if (code == 0) {
        c.most_ops = most_ops(&c); /* the second look needs as much for itself as the first */
        an_world_release(world);
        keep_granules(&c);
        number_variables(&c);
        forget_threads(&c);
        run->channels = 1; /* 0 is none */
        run->filtered = c.filtered;
        run->hidden_reads = c.filtered;
        c.telling = true;
        tr_reader_rewind(reader);
        code = look(&c, reader, err);
        if (code == 0 && c.filtered)
            an_run_doubt(run);
    }
    forget_threads(&c);
    vec_release(&c.granules);
    vec_release(&c.spare);
    vec_release(&c.kept);
    vec_release(&c.sequences);
    vec_release(&c.objects);
    an_semaphore_locks_release(&c.semaphore_locks);
    an_awaits_release(&c.awaits);
    vec_release(&c.threads);
    vec_release(&c.writers);
    vec_release(&c.who);
    sn_map_release(&c.sequence_of);
    sn_map_release(&c.perhaps);
    return code;
}
