/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells nothing, but sums up what was accessed under which locks, where the report is to have it
 * (an_options.locking).
 *
 * An access may say nothing of locks. While there is no other thread none is needed: a thread is
 * there from its creation until it was joined, since what comes behind the join is ordered, which
 * it is not behind an end alone. And whoever makes a block on the heap fills it in before others
 * know of it: as long as its maker alone has been there that is taken to be so. Other memory, and
 * blocks that were handed on, may be filled in before those are made who share it: when a thread
 * comes to where another one alone has been, and was made by that one afterwards, then all that was
 * done there until then needed no lock. It is not known earlier, so it is kept by place.
 */
#include "analyzer/analysis.h"
#include "analyzer/locking.h"

enum {
    PLACES = 1 << 20, /* whose owners are known; further ones are taken for shared */
    SIGHTINGS = 6,    /* of an owner's uses; further ones count for and against locks */
};

#define SHARED UINT64_MAX

struct sighting {
    uint32_t use; /* its index */
    uint32_t count;
};

struct owner { /* the one thread that has been there so far */
    const struct an_thread *thread;
    uint64_t latest; /* event */
    struct sighting sightings[SIGHTINGS];
};

struct locking {
    struct an_locking sums;
    struct sn_map owners; /* index, plus one, or SHARED: by address, or start of a block */
    VEC(struct owner) all;
    VEC(uint32_t) spare; /* indexes */
    uint64_t others;     /* threads that there are besides the main one */
    VEC(bool) there;     /* by the thread's index: counted in `others` */
};

static bool wants(uint8_t kind)
{
    return tr_is_access(kind) || tr_is_atomic(kind) || kind == TR_ACQUIRE || kind == TR_RELEASE ||
           kind == TR_ALLOC || kind == TR_FREE || kind == TR_JOIN || kind == TR_THREAD_CREATE ||
           kind == TR_THREAD_START;
}

static void *open_pass(struct an_context *ctx)
{
    if (!ctx->options->locking || ctx->joined)
        return NULL;
    struct locking *self = sn_calloc(1, sizeof *self);
    self->sums.ctx = ctx;
    self->sums.to = SN_NEW(&ctx->report->arena, struct sn_locking);
    self->sums.to->cast.process = ctx->process;
    *vec_push(&ctx->report->lockings) = self->sums.to;
    return self;
}

/* Threads ---------------------------------------------------------------------------------------
 */

static void comes(struct locking *self, uint32_t number)
{
    struct an_thread *thread = an_thread(self->sums.ctx->world, number);
    vec_cover(&self->there, thread->index);
    if (thread->number == 0 || self->there.at[thread->index])
        return;
    self->there.at[thread->index] = true;
    self->others++;
}

static void goes(struct locking *self, uint32_t number)
{
    struct an_thread *thread = an_thread_find(self->sums.ctx->world, number);
    if (!thread || thread->index >= self->there.count || !self->there.at[thread->index])
        return;
    self->there.at[thread->index] = false;
    self->others--;
}

/* Memory ----------------------------------------------------------------------------------------
 */

static void forget_place(struct locking *self, uint64_t place)
{
    const uint64_t *owner = sn_map_find(&self->owners, place);
    if (owner && *owner != SHARED)
        *vec_push(&self->spare) = (uint32_t)*owner - 1;
    sn_map_remove(&self->owners, place);
}

static void forget(struct locking *self, const struct tr_event *ev)
{
    forget_place(self, ev->object);
    if (!(ev->mode & TR_HEAP_MAPPED))
        return;
    if (ev->a0 > self->owners.count) {
        /* Rather than to look at each page of a large one. */
        sn_map_release(&self->owners);
        vec_clear(&self->all);
        vec_clear(&self->spare);
        return;
    }
    for (uint64_t at = ev->object; at < ev->object + ev->a0; at++)
        forget_place(self, at);
}

/* Was THREAD made, by MAKER or by whom that has made, after the event INDEX of MAKER's? */
static bool made_after(const struct an_thread *thread, const struct an_thread *maker,
                       uint64_t index)
{
    while (thread->parent && thread->parent != maker)
        thread = thread->parent;
    return thread->parent && index < thread->create_index;
}

/* What OWNER did here needed no lock. */
static void pardon(struct locking *self, struct owner *owner)
{
    for (unsigned i = 0; i < SIGHTINGS && owner->sightings[i].count; i++) {
        struct sn_use *use = &self->sums.to->uses.at[owner->sightings[i].use];
        use->own -= owner->sightings[i].count;
        use->initial += owner->sightings[i].count;
    }
}

/* The owner of PLACE, if that is THREAD, since nobody else was there, or none that mattered; else
 * NULL. */
static struct owner *owner_of(struct locking *self, uint64_t place, const struct an_thread *thread)
{
    uint64_t *index = sn_map_find(&self->owners, place);
    if (index && *index == SHARED)
        return NULL;
    if (!index) {
        if (self->owners.count >= PLACES)
            return NULL;
        bool new = !self->spare.count;
        if (new)
            (void)vec_push(&self->all);
        index = sn_map_at(&self->owners, place);
        *index = new ? self->all.count : *vec_pop(&self->spare) + 1ull;
        self->all.at[*index - 1] = (struct owner){.thread = thread};
    }
    struct owner *owner = &self->all.at[*index - 1];
    if (owner->thread == thread)
        return owner;
    if (made_after(thread, owner->thread, owner->latest)) {
        pardon(self, owner);
        *owner = (struct owner){.thread = thread};
        return owner;
    }
    *vec_push(&self->spare) = (uint32_t)*index - 1;
    *index = SHARED;
    return NULL;
}

static void note_sighting(struct owner *owner, uint32_t use)
{
    for (unsigned i = 0; i < SIGHTINGS; i++) {
        struct sighting *at = &owner->sightings[i];
        if (at->count && at->use != use)
            continue;
        at->use = use;
        at->count++;
        return;
    }
}

/* The block on the heap around ADDRESS; NULL: it lies in none. */
static const struct an_block *block_at(const struct locking *self, uint64_t address)
{
    const struct an_block *block = an_heap_block(&self->sums.ctx->world->heap, address);
    return block && !block->mapped && !block->freed ? block : NULL;
}

/* Is it on THREAD's own stack, where nobody else looks? */
static bool is_local(const struct locking *self, uint64_t address, const struct an_thread *thread)
{
    const struct an_world *world = self->sums.ctx->world;
    return an_stack_owner(world, address, world->now.index) == thread;
}

static void judge_access(struct locking *self, const struct an_block *block, struct owner *owner,
                         struct sn_use *to)
{
    const struct an_thread *thread = self->sums.ctx->world->now.thread;
    if (!self->others) {
        to->alone++;
    } else if (owner && block && block->thread == thread->number) {
        to->initial++;
    } else if (owner) {
        to->own++;
        note_sighting(owner, (uint32_t)(to - self->sums.to->uses.at));
    }
}

/* Events ----------------------------------------------------------------------------------------
 */

static void accessed(struct locking *self, const struct tr_event *ev)
{
    if (tr_is_access(ev->kind) && ev->mode & TR_ACC_PERHAPS)
        return;
    bool range = ev->kind == TR_READ_RANGE || ev->kind == TR_WRITE_RANGE;
    bool writes = ev->kind == TR_WRITE || ev->kind == TR_WRITE_RANGE;
    struct an_use use = {
        .kind = tr_is_atomic(ev->kind) ? SN_USE_ATOMIC
                : writes               ? SN_USE_WRITE
                                       : SN_USE_READ,
        .address = ev->object,
        .size = range ? ev->a0 : tr_access_size(ev->mode),
        .thread = self->sums.ctx->world->now.thread,
        .stack = ev->stack,
    };
    const struct an_block *block = block_at(self, use.address);
    struct owner *owner = owner_of(self, block ? block->start : use.address, use.thread);
    if (owner)
        owner->latest = self->sums.ctx->world->now.index;
    if (!owner || block || !is_local(self, use.address, use.thread))
        judge_access(self, block, owner, an_locking_use(&self->sums, &use));
}

static void sum_lock(struct locking *self, enum sn_use_kind kind, const struct an_held *lock,
                     const struct tr_event *ev)
{
    struct an_use use = {
        .kind = kind,
        .lock = lock,
        .thread = self->sums.ctx->world->now.thread,
        .stack = ev->stack,
    };
    an_locking_use(&self->sums, &use)->alone += !self->others;
}

static void acquired(struct locking *self, const struct tr_event *ev)
{
    const struct an_now *now = &self->sums.ctx->world->now;
    const struct an_held *taken = an_thread_holds(now->thread, now->object);
    if (!now->outermost || !taken || ev->mode & TR_LOCK_IN_WAIT)
        return;
    sum_lock(self, SN_USE_ACQUIRE, taken, ev);
    an_locking_took(&self->sums, now->thread, taken);
}

static void released(struct locking *self, const struct tr_event *ev)
{
    const struct an_now *now = &self->sums.ctx->world->now;
    if (!now->outermost || now->released_of != now->thread || ev->mode & TR_LOCK_IN_WAIT)
        return;
    sum_lock(self, SN_USE_RELEASE, &now->released, ev);
    an_locking_gave(&self->sums, now->thread, now->released.object);
}

static void event(void *data, const struct tr_event *ev)
{
    struct locking *self = data;
    const struct an_now *now = &self->sums.ctx->world->now;
    bool of_lock = now->object && an_type_is_lock(now->object->type);
    if (ev->kind == TR_THREAD_CREATE)
        comes(self, (uint32_t)ev->a0);
    else if (ev->kind == TR_THREAD_START)
        comes(self, ev->thread);
    else if (ev->kind == TR_JOIN)
        goes(self, (uint32_t)ev->a0);
    else if (ev->kind == TR_ALLOC || ev->kind == TR_FREE)
        forget(self, ev);
    else if (ev->kind == TR_ACQUIRE && of_lock)
        acquired(self, ev);
    else if (ev->kind == TR_RELEASE && of_lock)
        released(self, ev);
    else if (ev->stack && (tr_is_access(ev->kind) || tr_is_atomic(ev->kind)))
        accessed(self, ev);
}

static void close_pass(void *data)
{
    struct locking *self = data;
    an_locking_release(&self->sums);
    sn_map_release(&self->owners);
    vec_release(&self->all);
    vec_release(&self->spare);
    vec_release(&self->there);
    free(self);
}

const struct an_analysis an_locking = {
    .name = "locking",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .close = close_pass,
};
