/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells nothing, but sums up what was accessed under which locks, where the report is to have it
 * (an_options.locking).
 *
 * An access may say nothing of locks. While there is no other thread none is needed: a thread is
 * there from its creation until it was joined, since what comes behind the join is ordered, which
 * it is not behind an end alone. And whoever makes a block on the heap fills it in before others
 * know of it: as long as its maker alone has been there that is taken to be so. Memory that is no
 * block has no maker: of its granules it is only told that one thread alone has been there.
 */
#include "analyzer/analysis.h"
#include "analyzer/locking.h"

enum {
    GRANULE = 3,      /* log2 of bytes */
    PLACES = 1 << 22, /* whose users are known; further ones are taken for shared */
};

#define SHARED UINT64_MAX

struct locking {
    struct an_locking sums;
    struct sn_map users; /* the one thread, plus one, or SHARED: by granule, or start of a block */
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

static void forget(struct locking *self, const struct tr_event *ev)
{
    sn_map_remove(&self->users, ev->object);
    if (!(ev->mode & TR_HEAP_MAPPED))
        return;
    if (ev->a0 >> GRANULE > self->users.count) {
        sn_map_release(&self->users); /* rather than a look at each page of a large one */
        return;
    }
    for (uint64_t at = ev->object; at < ev->object + ev->a0; at += 1 << GRANULE)
        sn_map_remove(&self->users, at >> GRANULE << GRANULE);
}

/* Who else has been where THREAD is now? */
static bool is_own(struct locking *self, uint64_t place, const struct an_thread *thread)
{
    uint64_t *user = sn_map_find(&self->users, place);
    if (!user && self->users.count >= PLACES)
        return false;
    user = user ? user : sn_map_at(&self->users, place);
    if (!*user)
        *user = thread->index + 1ull;
    if (*user != thread->index + 1ull)
        *user = SHARED;
    return *user != SHARED;
}

static void judge_access(struct locking *self, const struct an_use *use, struct sn_use *to)
{
    const struct an_block *block = an_heap_block(&self->sums.ctx->world->heap, use->address);
    bool in_block = block && !block->mapped && !block->freed;
    uint64_t place = in_block ? block->start : use->address >> GRANULE << GRANULE;
    bool own = is_own(self, place, use->thread);
    if (!self->others)
        to->alone++;
    else if (own && in_block && block->thread == use->thread->number)
        to->initial++;
    else if (own)
        to->own++;
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
    judge_access(self, &use, an_locking_use(&self->sums, &use));
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
    sn_map_release(&self->users);
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
