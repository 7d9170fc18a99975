/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round: a thread holds a lock, fails to get a further one that another thread holds, and gives
 * back what it held. A streak of rounds ends when the thread gets both, or when the one in its way
 * has got on since the streak began. Threads with long streaks, each in the way of the one before,
 * are a livelock: all of them run, and none gets on. It is the end of the trace that counts, so
 * that a program which came through in the end is never blamed.
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"
#include "base/text.h"

struct streak {
    struct an_thread *thread;
    struct an_thread *by;           /* who held what it wanted, the last time */
    const struct an_object *wanted; /* NULL: it wants nothing at present */
    struct an_held held;            /* what it held then */
    uint32_t try_stack;
    uint64_t try_index;
    bool failed; /* and has not given back yet */
    uint64_t rounds;
    uint64_t began, began_time, latest_time; /* of the streak: index and times */
    uint64_t got_on;                         /* index of its latest success */
    uint32_t mark;
};

struct livelocks {
    struct an_context *ctx;
    VEC(struct streak) streaks; /* by thread index */
};

static bool wants(uint8_t kind)
{
    return kind == TR_TRY_FAIL || kind == TR_ACQUIRE || kind == TR_RELEASE;
}

static void *open_pass(struct an_context *ctx)
{
    struct livelocks *livelocks = sn_calloc(1, sizeof *livelocks);
    livelocks->ctx = ctx;
    return livelocks;
}

static struct streak *streak_of(struct livelocks *livelocks, struct an_thread *thread)
{
    while (livelocks->streaks.count <= thread->index)
        (void)vec_push(&livelocks->streaks);
    livelocks->streaks.at[thread->index].thread = thread;
    return &livelocks->streaks.at[thread->index];
}

static void failed(struct livelocks *livelocks, const struct tr_event *ev)
{
    struct an_world *world = livelocks->ctx->world;
    struct an_thread *thread = world->now.thread;
    const struct an_object *object = world->now.object;
    if (!thread->held.count || !object || !an_type_is_lock(object->type))
        return;
    struct an_thread *owner = object->lock.owner;
    if (!owner && ev->a0 != TR_NO_THREAD) /* it let go, or is about to take it, at that moment */
        owner = an_thread_find(world, (uint32_t)ev->a0);
    struct streak *streak = streak_of(livelocks, thread);
    if (!owner || owner == thread)
        return;
    streak->failed = true;
    streak->by = owner;
    streak->wanted = object;
    streak->held = *vec_last(&thread->held);
    streak->try_stack = ev->stack;
    streak->try_index = ev->index;
}

/* Has the one in the way got both its locks since the streak began? */
static bool other_got_on(struct livelocks *livelocks, const struct streak *streak)
{
    uint32_t index = streak->by->index;
    return index < livelocks->streaks.count && livelocks->streaks.at[index].got_on > streak->began;
}

static void gave_back(struct livelocks *livelocks, const struct tr_event *ev)
{
    const struct an_now *now = &livelocks->ctx->world->now;
    if (now->thread->index >= livelocks->streaks.count || now->released_by_other ||
        !an_is_sure(now->thread, now->index))
        return;
    struct streak *streak = &livelocks->streaks.at[now->thread->index];
    if (!streak->failed || streak->held.object != now->object)
        return;
    streak->failed = false;
    if (!streak->rounds || other_got_on(livelocks, streak)) {
        streak->rounds = 0;
        streak->began = ev->index;
        streak->began_time = ev->time;
    }
    streak->latest_time = ev->time;
    streak->rounds++;
}

static void took(struct livelocks *livelocks, const struct tr_event *ev)
{
    struct an_thread *thread = livelocks->ctx->world->now.thread;
    const struct an_object *object = livelocks->ctx->world->now.object;
    if (thread->held.count < 2)
        return;
    struct streak *streak = streak_of(livelocks, thread);
    bool both = !streak->rounds || object == streak->wanted ||
                (object == streak->held.object && an_thread_holds(thread, streak->wanted));
    if (!both)
        return; /* a further lock, such as a log's */
    streak->got_on = ev->index;
    streak->rounds = 0;
    streak->failed = false;
}

static void event(void *self, const struct tr_event *ev)
{
    struct livelocks *livelocks = self;
    if (ev->kind == TR_TRY_FAIL)
        failed(livelocks, ev);
    else if (!livelocks->ctx->world->now.outermost)
        return;
    else if (ev->kind == TR_ACQUIRE)
        took(livelocks, ev);
    else
        gave_back(livelocks, ev);
}

static bool is_long(struct livelocks *livelocks, const struct streak *streak)
{
    return streak->by && streak->rounds >= livelocks->ctx->options->livelock_rounds &&
           !other_got_on(livelocks, streak) && !streak->thread->blamed;
}

struct party_list {
    VEC(struct streak *) of;
};

static struct streak *next_party(struct livelocks *livelocks, const struct streak *streak)
{
    if (streak->by->index >= livelocks->streaks.count)
        return NULL;
    struct streak *next = &livelocks->streaks.at[streak->by->index];
    return next->by && is_long(livelocks, next) ? next : NULL;
}

/* The circle of long streaks to which FIRST leads; empty if there is none. */
static void circle_from(struct livelocks *livelocks, struct streak *first,
                        struct party_list *parties)
{
    uint32_t mark = first->thread->index + 1;
    struct streak *at = first;
    vec_clear(&parties->of);
    while (at && at->mark != mark) {
        at->mark = mark;
        at = next_party(livelocks, at);
    }
    for (struct streak *start = at; at; at = at == start ? NULL : at) {
        *vec_push(&parties->of) = at;
        at = next_party(livelocks, at);
    }
}

static void add_party(const struct an_context *ctx, struct sn_finding *finding,
                      const struct streak *streak, struct sn_text *text)
{
    an_site(ctx, finding, SN_ROLE_HOLDS, streak->thread, streak->held.stack, streak->held.index,
            streak->held.object);
    an_site(ctx, finding, SN_ROLE_TRIES, streak->thread, streak->try_stack, streak->try_index,
            streak->wanted);
    sn_text_printf(text,
                   "%s%s took %s, failed to get %s, which %s held, and gave %s back, %llu "
                   "times in a row",
                   text->length ? "; " : "",
                   text->length ? an_thread_text(ctx, streak->thread)
                                : an_thread_begins(ctx, streak->thread),
                   an_lock_text(ctx, streak->held.object), an_lock_text(ctx, streak->wanted),
                   an_thread_text(ctx, streak->by), an_lock_text(ctx, streak->held.object),
                   (unsigned long long)streak->rounds);
}

static void tell(struct livelocks *livelocks, struct party_list *parties)
{
    const struct an_context *ctx = livelocks->ctx;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_LIVELOCK, SN_OBSERVED);
    struct sn_text text = {0};
    double ms = -1;
    finding->count = UINT64_MAX;
    vec_each (struct streak *, streak, &parties->of) {
        add_party(ctx, finding, *streak, &text);
        (*streak)->thread->blamed = finding;
        if ((*streak)->rounds < finding->count)
            finding->count = (*streak)->rounds;
        double lasted = an_milliseconds(ctx, (*streak)->began_time, (*streak)->latest_time);
        ms = lasted > ms ? lasted : ms;
    }
    an_blame_waiters(ctx->world, finding);
    finding->title = sn_sprintf(arena, "livelock: %zu threads give way to each other for ever",
                                parties->of.count);
    if (ms >= 0)
        sn_text_printf(&text, ", within %.0f ms", ms);
    sn_text_puts(&text, ". All of them run and none gets on, since each gives way and comes again "
                        "in step with the others." AN_ADVICE
                        "Take the locks in one order and wait for them, "
                        "or wait for a random time before trying again.");
    finding->explanation = sn_strndup(arena, text.at, text.length);
    sn_text_release(&text);
}

static void finish(void *self)
{
    struct livelocks *livelocks = self;
    struct party_list parties = {0};
    vec_each (struct streak, streak, &livelocks->streaks) {
        if (!streak->thread || !is_long(livelocks, streak))
            continue;
        circle_from(livelocks, streak, &parties);
        if (parties.of.count > 1)
            tell(livelocks, &parties);
    }
    vec_release(&parties.of);
}

static void close_pass(void *self)
{
    struct livelocks *livelocks = self;
    vec_release(&livelocks->streaks);
    free(livelocks);
}

const struct an_analysis an_livelock = {
    .name = "livelock",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
