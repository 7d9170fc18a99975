/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/collect.h"

#include "analyzer/predict/doubt.h"

enum { RANGE_LOOKED_AT = 64 << 20 /* of one access: its first bytes */ };

/* 8 aligned bytes, from first use to the end of what lies there. */
struct granule {
    uint64_t address;
    uint32_t thread;   /* the first one, plus 1 */
    uint32_t variable; /* of its first bytes */
    uint16_t cuts;     /* bit I: an access begins or ends at byte I */
    bool several, written;
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
};

struct collector {
    const struct an_collect_options *options;
    struct an_world *world;
    struct an_run *run;
    bool telling;                   /* the second look */
    VEC(struct granule) granules;   /* number N is at N - 1: the same in both looks */
    uint32_t granule_count;         /* so far, in this look */
    VEC(struct sequence) sequences; /* 0 is none */
    struct sn_map sequence_of;      /* by the granule's number: the first one */
    VEC(struct of_object) objects;  /* by id */
    VEC(struct of_thread) threads;  /* by index */
    uint64_t event;                 /* the number of the present one */
};

/* Telling. --------------------------------------------------------------------------------------
 */

static void tell(struct collector *c, enum tr_op_kind kind, uint32_t target)
{
    if (!c->telling)
        return;
    an_run_add(c->run, (struct tr_op){.thread = c->world->now.thread->index & 0xffffff,
                                      .kind = kind,
                                      .target = target});
    *vec_push(&c->run->events) = c->event;
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

static struct of_thread *of_thread(struct collector *c, uint32_t index)
{
    while (c->threads.count <= index)
        (void)vec_push(&c->threads);
    return &c->threads.at[index];
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

static struct granule *granule_at(struct collector *c, uint64_t address)
{
    uint32_t *number = an_memory_number(&c->world->memory, address);
    if (!*number) {
        *number = ++c->granule_count;
        if (!c->telling)
            *vec_push(&c->granules) = (struct granule){.address = address & ~UINT64_C(7)};
    }
    return &c->granules.at[*number - 1];
}

static bool is_told(const struct collector *c, const struct granule *granule)
{
    return c->options->all || (granule->several && granule->written);
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
        granule->cuts |= (uint16_t)(1u << from | 1u << to);
    } else if (is_told(c, granule)) {
        uint32_t first = variables_before(granule, from), behind = variables_before(granule, to);
        for (uint32_t i = first; i < behind; i++)
            tell(c, kind, granule->variable + i);
    }
}

static void access(struct collector *c, enum tr_op_kind kind, uint64_t address, uint64_t size)
{
    uint64_t end = address + (size < RANGE_LOOKED_AT ? size : RANGE_LOOKED_AT);
    if (end < address)
        return;
    for (uint64_t at = address & ~UINT64_C(7); at < end; at += 8)
        touch(c, granule_at(c, at), kind, at < address ? (unsigned)(address - at) : 0,
              at + 8 > end ? (unsigned)(end - at) : 8);
}

static void free_granule(void *data, struct an_cell *cell, uint64_t address)
{
    (void)address;
    struct collector *c = data;
    if (!cell->number)
        return;
    struct granule *granule = &c->granules.at[cell->number - 1];
    touch(c, granule, TR_OP_WRITE, (unsigned)__builtin_ctz(granule->cuts),
          31u - (unsigned)__builtin_clz(granule->cuts));
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
    uint64_t *first = sn_map_at(&c->sequence_of, *an_memory_number(&c->world->memory, address));
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
    if (!c->telling)
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

static void semaphore(struct collector *c, const struct tr_event *ev)
{
    uint32_t id = c->world->now.object->id;
    if (c->telling)
        while (c->run->initial.count <= id)
            (void)vec_push(&c->run->initial);
    if (c->telling)
        c->run->initial.at[id] = (uint32_t)c->world->now.object->initial;
    if (ev->kind == TR_SEM_WAIT)
        state(c, TR_OP_ATOMIC_UPDATE);
    tell(c, ev->kind == TR_SEM_WAIT ? TR_OP_WAIT : TR_OP_POST, id);
}

static void barrier(struct collector *c, const struct tr_event *ev)
{
    struct of_thread *thread = of_thread(c, c->world->now.thread->index);
    if (ev->kind == TR_BARRIER_ENTER) {
        thread->round = channel_of(c);
        tell(c, TR_OP_SEND, thread->round);
        if (c->world->now.fills_round)
            of_object(c, c->world->now.object->id)->channel = 0;
    } else if (thread->round) {
        tell(c, TR_OP_RECEIVE, thread->round);
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
        break;
    case TR_BARRIER_ENTER:
    case TR_BARRIER_EXIT:
        barrier(c, ev);
        break;
    case TR_COND_SIGNAL:
    case TR_COND_WAKE:
        condition(c, ev);
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

static void one_event(struct collector *c, const struct tr_event *ev)
{
    c->event = an_event_number(c->world->reader, ev);
    if (ev->kind == TR_FREE)
        free_memory(c, ev);
    an_world_event(c->world, ev);
    cancelled(c);
    size_t before = c->run->ops.count;
    follow(c, ev);
    if (!c->telling)
        return;
    if (((tr_is_access(ev->kind) || tr_is_atomic(ev->kind)) && ev->mode & TR_ACC_SOURCE_UNKNOWN &&
         c->run->ops.count > before) ||
        becomes_unsure(c, ev) || (c->options->unknown && c->options->unknown(c->options->data, ev)))
        tell(c, TR_OP_UNKNOWN, 0);
    if (c->run->filtered && tr_moves_epoch(ev->kind, ev->mode))
        tell(c, TR_OP_NONE, 0); /* the epoch ends, whether the event means anything here or not */
}

/* Numbers of variables, and of locks that were tried in vain. */
static void number_variables(struct collector *c)
{
    vec_each (struct granule, granule, &c->granules) {
        if (!is_told(c, granule))
            continue;
        granule->variable = c->run->variables;
        for (unsigned left = granule->cuts; left & (left - 1); left &= left - 1) {
            *vec_push(&c->run->addresses) = granule->address + (unsigned)__builtin_ctz(left);
            c->run->variables++;
        }
    }
    vec_each (struct of_object, object, &c->objects) {
        object->channel = 0;
        if (object->in_vain)
            object->variable = ++c->run->variables;
    }
}

static int look(struct collector *c, struct tr_reader *reader, struct sn_error *err)
{
    struct tr_event ev;
    int more;
    an_world_init(c->world, reader);
    c->world->light = true;
    c->granule_count = 0;
    while ((more = tr_reader_next(reader, &ev, err)) > 0)
        one_event(c, &ev);
    return more;
}

int an_collect(struct tr_reader *reader, const struct an_collect_options *options,
               struct an_world *world, struct an_run *run, struct sn_error *err)
{
    struct collector c = {.options = options, .world = world, .run = run};
    bool recorded = tr_reader_header(reader)->flags & TR_FILTER_SAME_EPOCH;
    tr_reader_rewind(reader);
    int code = look(&c, reader, err);
    if (code == 0) {
        an_world_release(world);
        number_variables(&c);
        for (size_t i = 0; i < c.threads.count; i++)
            vec_release(&c.threads.at[i].read.of);
        vec_clear(&c.threads);
        run->channels = 1; /* 0 is none */
        run->filtered = recorded;
        c.telling = true;
        tr_reader_rewind(reader);
        code = look(&c, reader, err);
        if (code == 0 && recorded)
            an_run_doubt(run);
    }
    for (size_t i = 0; i < c.threads.count; i++)
        vec_release(&c.threads.at[i].read.of);
    vec_release(&c.granules);
    vec_release(&c.sequences);
    vec_release(&c.objects);
    vec_release(&c.threads);
    sn_map_release(&c.sequence_of);
    return code;
}
