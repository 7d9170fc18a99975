/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semaphores that rose above the value they began with, by posts of threads that had not waited.
 * Such a value (of 1 or more) is a number of places, and only who has taken one can give it back. A
 * hand-over (one waits, another posts) is balanced in the sum: the value stays within its bound.
 * Where nobody does both, some only post and others only wait, it counts what was made and is still
 * to be taken, and may have begun with some: that has no bound.
 *
 * A post has its number before the real call, a wait behind it. So a thread may have waited already
 * when a post that raises the value is seen, and may say so only then. Of each rise therefore those
 * waits are taken off that may have been on their way: a thread's first event on the semaphore
 * behind the rise, if it is a wait, unless something else than the semaphore orders it behind the
 * post. What is left was there.
 */
#include "analyzer/compose.h"
#include "base/text.h"

enum {
    RISES = 8,    /* kept of a semaphore: the first ones, and the highest */
    PLACES = 6,   /* of posts without a wait that are told */
    ACCOUNTS = 4, /* of threads that are told in full */
};

struct rise {
    const struct an_thread *thread;
    uint64_t clock; /* of that thread, at its post */
    uint64_t index;
    uint32_t stack;
    int64_t excess; /* above the first value, less the waits that may have been on their way */
};

struct use { /* of a semaphore, by a thread */
    const struct an_thread *thread;
    uint64_t posts, waits;
    uint64_t last; /* index of its latest event */
    uint64_t last_wait;
    uint32_t last_wait_stack;
};

struct place { /* posts of threads that had not waited */
    const struct an_thread *thread;
    uint64_t count, index; /* index: of the first */
    uint32_t stack;
};

struct guard { /* what is known of a semaphore */
    const struct an_object *object;
    VEC(struct use) uses;
    VEC(struct place) places;
    struct rise rises[RISES];
    size_t rise_count;
};

struct over_release {
    struct an_context *ctx;
    struct sn_map guard_of; /* by the object's id: its place in `guards`, plus one */
    struct sn_map use_of;   /* by thread and object: its place in the guard's `uses`, plus one */
    VEC(struct guard) guards;
};

static bool wants(uint8_t kind)
{
    return kind == TR_SEM_WAIT || kind == TR_SEM_POST || kind == TR_OP_ERROR;
}

static void *open_pass(struct an_context *ctx)
{
    struct over_release *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* It begins with places, in this process alone, and nothing of it is missing. */
static bool is_bounded(const struct an_object *object)
{
    return object->initial && object->known &&
           !(object->attributes & (TR_ATTR_PROCESS_SHARED | TR_ATTR_STATIC));
}

static struct guard *guard_of(struct over_release *self, const struct an_object *object)
{
    uint64_t *number = sn_map_at(&self->guard_of, object->id);
    if (!*number) {
        vec_push(&self->guards)->object = object;
        *number = self->guards.count;
    }
    return &self->guards.at[*number - 1];
}

static struct use *use_of(struct over_release *self, struct guard *guard,
                          const struct an_thread *thread)
{
    uint64_t *number = sn_map_at(&self->use_of, (uint64_t)thread->index << 32 | guard->object->id);
    if (!*number) {
        vec_push(&guard->uses)->thread = thread;
        *number = guard->uses.count;
    }
    return &guard->uses.at[*number - 1];
}

static void add_place(struct guard *guard, const struct an_thread *thread,
                      const struct tr_event *ev)
{
    vec_each (struct place, place, &guard->places) {
        if (place->stack == ev->stack) {
            place->count++;
            return;
        }
    }
    if (guard->places.count < PLACES)
        *vec_push(&guard->places) =
            (struct place){.thread = thread, .count = 1, .index = ev->index, .stack = ev->stack};
}

/* The value stands EXCESS above its bound now. Only what is higher than before is news. */
static void rises(struct guard *guard, const struct an_thread *thread, const struct tr_event *ev,
                  int64_t excess)
{
    for (size_t i = 0; i < guard->rise_count; i++)
        if (guard->rises[i].excess >= excess)
            return;
    if (guard->rise_count == RISES)
        guard->rise_count--;
    guard->rises[guard->rise_count++] = (struct rise){
        .thread = thread,
        .clock = thread->clock,
        .index = ev->index,
        .stack = ev->stack,
        .excess = excess,
    };
}

static void posted(struct over_release *self, struct guard *guard, struct use *use,
                   const struct tr_event *ev)
{
    use->posts++;
    if (use->posts > use->waits)
        add_place(guard, use->thread, ev);
    int64_t excess = guard->object->semaphore.value - (int64_t)guard->object->initial;
    if (excess > 0 && an_is_sure(use->thread, ev->index))
        rises(guard, self->ctx->world->now.thread, ev, excess);
}

/* It may have been on its way when the value rose. */
static bool may_precede(const struct over_release *self, const struct use *use,
                        const struct rise *rise)
{
    return use->last < rise->index && use->thread != rise->thread &&
           !an_order_before(&self->ctx->world->hard, use->thread, rise->thread->slot, rise->clock);
}

static void waited(struct over_release *self, struct guard *guard, struct use *use,
                   const struct tr_event *ev)
{
    use->waits++;
    use->last_wait = ev->index;
    use->last_wait_stack = ev->stack;
    size_t kept = 0;
    for (size_t i = 0; i < guard->rise_count; i++) {
        struct rise rise = guard->rises[i];
        rise.excess -= may_precede(self, use, &rise);
        if (rise.excess > 0)
            guard->rises[kept++] = rise;
    }
    guard->rise_count = kept;
}

/* The largest value that there is was reached. */
static void refused(struct guard *guard, struct use *use)
{
    use->posts -= use->posts > 0;
    size_t last = guard->rise_count;
    if (last && guard->rises[last - 1].index == use->last)
        guard->rise_count--;
}

static void event(void *data, const struct tr_event *ev)
{
    struct over_release *self = data;
    const struct an_now *now = &self->ctx->world->now;
    if (!now->object || now->object->type != TR_TYPE_SEM || !is_bounded(now->object))
        return;
    struct guard *guard = guard_of(self, now->object);
    struct use *use = use_of(self, guard, now->thread);
    if (ev->kind == TR_SEM_POST)
        posted(self, guard, use, ev);
    else if (ev->kind == TR_SEM_WAIT)
        waited(self, guard, use, ev);
    else
        refused(guard, use);
    use->last = ev->index;
}

/* Telling. --------------------------------------------------------------------------------------
 */

static const char *times(const struct an_context *ctx, uint64_t count)
{
    return count == 1 ? "once"
                      : sn_sprintf(&ctx->report->arena, "%llu times", (unsigned long long)count);
}

/* The first to raise it, every place that posts without a wait, and somebody who waited. */
static void add_sites(const struct an_context *ctx, struct sn_finding *finding,
                      const struct guard *guard)
{
    const struct rise *first = &guard->rises[0];
    an_site(ctx, finding, SN_ROLE_POSTS, first->thread, first->stack, first->index, guard->object)
        ->note = sn_sprintf(&ctx->report->arena, "first raised it above %llu",
                            (unsigned long long)guard->object->initial);
    vec_each (struct place, place, &guard->places)
        if (place->stack != first->stack)
            an_site(ctx, finding, SN_ROLE_POSTS, place->thread, place->stack, place->index,
                    guard->object)
                ->note = sn_sprintf(&ctx->report->arena, "%s without having waited",
                                    times(ctx, place->count));
    const struct use *waiter = NULL;
    vec_each (struct use, use, &guard->uses)
        if (use->waits && (!waiter || use->waits > waiter->waits))
            waiter = use;
    if (waiter)
        an_site(ctx, finding, SN_ROLE_WAITS, waiter->thread, waiter->last_wait_stack,
                waiter->last_wait, guard->object);
}

/* How often each thread posted and waited that posted more. */
static void add_accounts(const struct an_context *ctx, struct sn_finding *finding,
                         const struct guard *guard, struct sn_text *text)
{
    size_t more = 0;
    vec_each (struct use, use, &guard->uses) {
        if (use->posts <= use->waits || more++ >= ACCOUNTS)
            continue;
        an_name_thread(ctx, finding, use->thread);
        sn_text_printf(text, "%s%s posted it %s and waited for it %s", more == 1 ? " " : "; ",
                       more == 1 ? an_thread_begins(ctx, use->thread)
                                 : an_thread_text(ctx, use->thread),
                       times(ctx, use->posts), use->waits ? times(ctx, use->waits) : "never");
    }
    if (more > ACCOUNTS)
        sn_text_printf(text, "; %zu further threads posted more often than they waited",
                       more - ACCOUNTS);
    sn_text_puts(text, more ? "." : "");
}

static void tell(const struct an_context *ctx, const struct guard *guard)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_text text = {0};
    const char *name = an_lock_text(ctx, guard->object);
    unsigned long long from = guard->object->initial, to = from;
    for (size_t i = 0; i < guard->rise_count; i++)
        if (from + (unsigned long long)guard->rises[i].excess > to)
            to = from + (unsigned long long)guard->rises[i].excess;
    struct sn_finding *finding = an_finding(ctx, SN_SEMAPHORE_OVER_RELEASE, SN_OBSERVED);
    add_sites(ctx, finding, guard);
    finding->title =
        sn_sprintf(arena, "%s rose from %llu to %llu: more posts than waits", name, from, to);
    sn_text_printf(&text,
                   "%s began with %llu, and so lets in %llu at a time. It rose to %llu, through "
                   "posts by threads that had not waited for it.",
                   name, from, from, to);
    add_accounts(ctx, finding, guard, &text);
    sn_text_printf(&text,
                   " sem_post never refuses: from then on %llu can be in at once." AN_ADVICE
                   "Post once for each wait, on every path: not where the wait failed or was left "
                   "out. A semaphore that counts what is still to come begins with 0.",
                   to);
    finding->explanation = sn_strndup(arena, text.at, text.length);
    sn_text_release(&text);
}

static bool is_of_producers(const struct guard *guard)
{
    bool waited = false;
    vec_each (struct use, use, &guard->uses) {
        if (use->waits && use->posts)
            return false;
        waited |= use->waits > 0;
    }
    return waited;
}

static void finish(void *data)
{
    struct over_release *self = data;
    vec_each (struct guard, guard, &self->guards)
        if (guard->rise_count && !is_of_producers(guard))
            tell(self->ctx, guard);
}

static void close_pass(void *data)
{
    struct over_release *self = data;
    vec_each (struct guard, guard, &self->guards) {
        vec_release(&guard->uses);
        vec_release(&guard->places);
    }
    vec_release(&self->guards);
    sn_map_release(&self->guard_of);
    sn_map_release(&self->use_of);
    free(self);
}

const struct an_analysis an_over_release = {
    .name = "over_release",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
