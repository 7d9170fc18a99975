/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that slept, did slow input or output, or waited for a condition or another thread's end,
 * while others waited for a lock that they held. Waits for a lock and such calls are two lists of
 * times for each lock, of which only those count that last as long as the threshold; where two
 * overlap for as long, the one was kept by the other.
 *
 * Waiting for whatever may come (poll, accept) is none: a lock around that makes threads take turns
 * in serving, and who waits for it misses nothing. Nor are futexes, of which locks are made.
 */
#include "analyzer/wait_story.h"
#include "analyzer/world/waits.h"

enum { RECENT = 64 }; /* calls, and waits that gave up, of a lock that are kept */

struct delay {                /* told as one: a lock, and the stack of the call */
    struct an_thread *holder; /* of the worst one */
    const struct an_object *object;
    struct an_wait call, waited;
    struct an_held held;
    struct an_thread *waiter;
    uint64_t calls; /* that kept somebody waiting */
    uint64_t ticks; /* of waiting, of all who waited */
    uint64_t worst; /* of one of them, in one call */
};

struct call { /* that lasted, under the lock */
    struct an_thread *thread;
    struct an_held held;
    struct an_wait wait;
    uint64_t until;
    bool counted; /* somebody waited meanwhile */
};

struct wanted { /* a wait for the lock, that lasted */
    struct an_thread *thread;
    struct an_wait wait;
    uint64_t until;
};

struct lock { /* the latest ones: rings */
    struct call calls[RECENT];
    struct wanted given_up[RECENT];
    size_t call_count, given_up_count;
};

struct state { /* of a thread */
    struct an_wait call, wanted;
};

struct blocked {
    struct an_context *ctx;
    uint64_t threshold; /* ticks; 0: time is not known */
    VEC(struct state) states;
    struct sn_map lock_of;  /* by the object's id: struct lock */
    struct sn_map delay_of; /* by object and stack: the place in `delays`, plus one */
    VEC(struct delay) delays;
};

static bool wants(uint8_t kind)
{
    return kind == TR_BLOCK_BEGIN || kind == TR_BLOCK_END || kind == TR_COND_WAIT ||
           kind == TR_COND_WAKE || kind == TR_JOIN_REQUEST || kind == TR_JOIN ||
           kind == TR_JOIN_FAIL || kind == TR_REQUEST || kind == TR_ACQUIRE || kind == TR_TRY_FAIL;
}

static void *open_pass(struct an_context *ctx)
{
    struct blocked *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    self->threshold =
        ctx->options->blocked_ms * tr_reader_header(ctx->reader)->tsc_hz / UINT64_C(1000);
    return self;
}

static struct state *state_of(struct blocked *self, const struct an_thread *thread)
{
    while (self->states.count <= thread->index)
        (void)vec_push(&self->states);
    return &self->states.at[thread->index];
}

static struct lock *lock_of(struct blocked *self, const struct an_object *object)
{
    uint64_t *lock = sn_map_at(&self->lock_of, object->id);
    if (!*lock)
        *lock = (uintptr_t)sn_calloc(1, sizeof(struct lock));
    return (struct lock *)(uintptr_t)*lock;
}

static bool lasted(const struct blocked *self, uint64_t from, uint64_t until)
{
    return from && until > from && until - from >= self->threshold;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_call(const struct an_wait *wait)
{
    if (wait->kind != AN_WAIT_OUTSIDE)
        return wait->kind == AN_WAIT_COND || wait->kind == AN_WAIT_JOIN;
    return wait->what != TR_BLOCK_OTHER && wait->what != TR_BLOCK_POLL &&
           wait->what != TR_BLOCK_ACCEPT && wait->what != TR_BLOCK_FUTEX &&
           wait->what != TR_BLOCK_TEAM;
}

/* CALL and WANTED, of one lock: for how long did the one keep the other? */
static void match(struct blocked *self, struct call *call, const struct wanted *wanted)
{
    uint64_t from = later(call->wait.time, wanted->wait.time);
    uint64_t until = call->until < wanted->until ? call->until : wanted->until;
    if (call->thread == wanted->thread || !lasted(self, from, until) ||
        (call->held.shared && wanted->wait.shared))
        return;
    const struct an_object *object = call->held.object;
    uint64_t *place = sn_map_at(&self->delay_of, (uint64_t)object->id << 32 | call->wait.stack);
    if (!*place) {
        (void)vec_push(&self->delays);
        *place = self->delays.count;
    }
    struct delay *delay = &self->delays.at[*place - 1];
    delay->calls += !call->counted;
    delay->ticks += until - from;
    call->counted = true;
    if (until - from <= delay->worst)
        return;
    delay->worst = until - from;
    delay->holder = call->thread;
    delay->object = object;
    delay->call = call->wait;
    delay->held = call->held;
    delay->waiter = wanted->thread;
    delay->waited = wanted->wait;
}

/* THREAD's call is over: it stands for each lock that was held all the time. */
static void call_ends(struct blocked *self, struct an_thread *thread, uint64_t time)
{
    struct an_wait wait = state_of(self, thread)->call;
    state_of(self, thread)->call = (struct an_wait){0};
    if (!is_call(&wait) || !lasted(self, wait.time, time) || !an_is_sure(thread, wait.index))
        return;
    vec_each (struct an_held, held, &thread->held) {
        if (!held->index || held->index > wait.index)
            continue;
        struct lock *lock = lock_of(self, held->object);
        struct call *call = &lock->calls[lock->call_count++ % RECENT];
        *call = (struct call){thread, *held, wait, time, false};
        for (size_t i = 0; i < RECENT && i < lock->given_up_count; i++)
            match(self, call, &lock->given_up[i]);
    }
}

static void want_ends(struct blocked *self, struct an_thread *thread,
                      const struct an_object *object, uint64_t time, bool got)
{
    struct wanted wanted = {thread, state_of(self, thread)->wanted, time};
    state_of(self, thread)->wanted = (struct an_wait){0};
    if (wanted.wait.object != object || !lasted(self, wanted.wait.time, time) ||
        !an_is_sure(thread, wanted.wait.index))
        return;
    struct lock *lock = lock_of(self, object);
    for (size_t i = 0; i < RECENT && i < lock->call_count; i++)
        match(self, &lock->calls[i], &wanted);
    if (!got)
        lock->given_up[lock->given_up_count++ % RECENT] = wanted;
}

static void event(void *data, const struct tr_event *ev)
{
    struct blocked *self = data;
    const struct an_now *now = &self->ctx->world->now;
    bool lock = now->object && an_type_is_lock(now->object->type);
    if (!self->threshold)
        return;
    switch (ev->kind) {
    case TR_BLOCK_BEGIN:
    case TR_COND_WAIT:
    case TR_JOIN_REQUEST:
        if (now->thread->held.count)
            state_of(self, now->thread)->call = now->thread->wait;
        break;
    case TR_BLOCK_END:
    case TR_COND_WAKE:
    case TR_JOIN:
    case TR_JOIN_FAIL:
        call_ends(self, now->thread, ev->time);
        break;
    case TR_REQUEST:
        if (lock)
            state_of(self, now->thread)->wanted = now->thread->wait;
        break;
    default:
        if (lock)
            want_ends(self, now->thread, now->object, ev->time, ev->kind == TR_ACQUIRE);
        break;
    }
}

/* Telling. --------------------------------------------------------------------------------------
 */

static const char *doing(const struct an_context *ctx, const struct an_wait *call)
{
    if (call->kind == AN_WAIT_OUTSIDE && call->what == TR_BLOCK_SLEEP)
        return "slept";
    return sn_sprintf(&ctx->report->arena, "waited %s", an_wait_text(ctx, call));
}

static void tell(const struct an_context *ctx, const struct delay *delay)
{
    struct sn_arena *arena = &ctx->report->arena;
    const char *lock = an_lock_text(ctx, delay->object), *what = doing(ctx, &delay->call);
    double all = an_milliseconds(ctx, 1, 1 + delay->ticks);
    double worst = an_milliseconds(ctx, 1, 1 + delay->worst);
    struct sn_finding *finding = an_finding(ctx, SN_BLOCKED_WHILE_HOLDING, SN_OBSERVED);
    finding->count = delay->calls;
    an_site(ctx, finding, SN_ROLE_HOLDS, delay->holder, delay->held.stack, delay->held.index,
            delay->object);
    an_site(ctx, finding,
            delay->call.kind == AN_WAIT_OUTSIDE ? SN_ROLE_SLEEPS
            : delay->call.kind == AN_WAIT_JOIN  ? SN_ROLE_JOINS
                                                : SN_ROLE_WAITS,
            delay->holder, delay->call.stack, delay->call.index, an_wait_object(&delay->call))
        ->note = what;
    an_site(ctx, finding, SN_ROLE_WAITS, delay->waiter, delay->waited.stack, delay->waited.index,
            delay->object)
        ->note = sn_sprintf(arena, "for %.0f ms meanwhile", worst);
    if (delay->call.kind == AN_WAIT_JOIN)
        an_name_thread(ctx, finding, delay->call.thread);
    finding->title = sn_sprintf(arena, "%s %s while others waited for %s",
                                an_thread_text(ctx, delay->holder), what, lock);
    finding->explanation = sn_sprintf(
        arena,
        "%s %s while it held %s, and %s waited for that %.0f ms meanwhile.%s A lock is for as long "
        "as its data is worked on: whoever waits for it stands still for as long as the slow call "
        "takes." AN_ADVICE "Release the lock before the call, or make the call before taking it.",
        an_thread_begins(ctx, delay->holder), what, lock, an_thread_text(ctx, delay->waiter), worst,
        delay->calls > 1 || all > worst
            ? sn_sprintf(arena, " In all %llu such call%s from this place cost others %.0f ms.",
                         (unsigned long long)delay->calls, delay->calls == 1 ? "" : "s", all)
            : "");
}

/* What was not over at the end, unless another finding says why. */
static void end_all(struct blocked *self)
{
    struct an_world *world = self->ctx->world;
    for (size_t i = 0; self->threshold && i < self->states.count; i++) {
        struct an_thread *thread = world->threads.all.at[i];
        if (self->states.at[i].call.kind && !thread->blamed && thread->wait.kind)
            call_ends(self, thread, world->last_time);
    }
    for (size_t i = 0; self->threshold && i < self->states.count; i++) {
        struct an_thread *thread = world->threads.all.at[i];
        if (self->states.at[i].wanted.kind && !thread->blamed && thread->wait.kind == AN_WAIT_LOCK)
            want_ends(self, thread, thread->wait.object, world->last_time, true);
    }
}

static void finish(void *data)
{
    struct blocked *self = data;
    end_all(self);
    vec_each (struct delay, delay, &self->delays)
        tell(self->ctx, delay);
}

static void close_pass(void *data)
{
    struct blocked *self = data;
    size_t cursor = 0;
    for (struct sn_map_slot *slot; (slot = sn_map_next(&self->lock_of, &cursor));)
        free((struct lock *)(uintptr_t)slot->value);
    sn_map_release(&self->lock_of);
    sn_map_release(&self->delay_of);
    vec_release(&self->states);
    vec_release(&self->delays);
    free(self);
}

const struct an_analysis an_blocked = {
    .name = "blocked",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
