/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells nothing, but collects what is drawn, where the report is to have it
 * (an_options.spans_drawn): who waited and held what from when until when, and which lock was taken
 * under which.
 *
 * Most events carry no time of their own. What comes behind another thread's event by its object is
 * not earlier than that one, so time is passed on along with the locks.
 *
 * Of a long run there are more spans than anybody looks at. Where there are too many, those shorter
 * than some time are given up, and that time is doubled.
 */
#include "analyzer/drawing.h"
#include "analyzer/world/waits.h"

struct wait {
    struct an_wait of;
    const char *what;
    uint64_t from;
    uint64_t taken_before; /* how often the lock had been taken when it began */
};

struct hold {
    uint64_t index; /* of its an_held */
    uint64_t from;
};

struct thread {
    struct wait wait;
    uint64_t now;   /* the latest time that is known of it */
    uint64_t holds; /* since when it has held any lock; 0: it holds none */
    VEC(struct hold) held;
};

struct object {
    uint64_t now;                  /* of its latest event */
    const struct an_thread *giver; /* who released, signalled, posted it last */
    uint64_t given;                /* and when */
};

struct activity {
    struct an_drawing drawing;
    VEC(struct thread) threads; /* by index */
    VEC(struct object) objects; /* by id */
    struct sn_map edge_of;      /* index, plus one, by both ids */
    uint64_t shortest;          /* ticks */
};

static bool wants(uint8_t kind)
{
    return !tr_is_access(kind) && !tr_is_atomic(kind);
}

static void *open_pass(struct an_context *ctx)
{
    if (!ctx->options->spans_drawn || ctx->joined)
        return NULL;
    struct activity *self = sn_calloc(1, sizeof *self);
    self->drawing.ctx = ctx;
    return self;
}

static struct thread *thread_of(struct activity *self, const struct an_thread *thread)
{
    vec_cover(&self->threads, thread->index);
    vec_cover(&self->drawing.threads, thread->index);
    return &self->threads.at[thread->index];
}

static struct object *object_of(struct activity *self, const struct an_object *object)
{
    vec_cover(&self->objects, object->id);
    vec_cover(&self->drawing.uses, object->id);
    return &self->objects.at[object->id];
}

static struct sn_lock_use *use_of(struct activity *self, const struct an_object *object)
{
    (void)object_of(self, object);
    return &self->drawing.uses.at[object->id];
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Who waits, and holds, at the end is what is looked for in a hang, however short that is. */
static bool is_long(const struct activity *self, const struct an_span *span)
{
    return span->until - span->from >= self->shortest || span->flags & SN_SPAN_OPEN;
}

static void thin_out(struct activity *self)
{
    struct an_drawing *drawing = &self->drawing;
    self->shortest = later(self->shortest * 2, 64);
    size_t kept = 0;
    vec_each (struct an_span, span, &drawing->spans)
        if (is_long(self, span))
            drawing->spans.at[kept++] = *span;
    drawing->left_out += drawing->spans.count - kept;
    drawing->spans.count = kept;
}

static void add_span(struct activity *self, const struct an_span *span)
{
    struct an_drawing *drawing = &self->drawing;
    if (!is_long(self, span)) {
        drawing->left_out++;
        return;
    }
    *vec_push(&drawing->spans) = *span;
    while (drawing->spans.count > drawing->ctx->options->spans_drawn &&
           self->shortest <= INT64_MAX) /* else all that is left is open */
        thin_out(self);
}

/* Waits -----------------------------------------------------------------------------------------
 */

static enum sn_role role_of(const struct an_wait *wait)
{
    if (wait->kind == AN_WAIT_JOIN)
        return SN_ROLE_JOINS;
    return wait->kind == AN_WAIT_OUTSIDE && wait->what == TR_BLOCK_SLEEP ? SN_ROLE_SLEEPS
                                                                         : SN_ROLE_WAITS;
}

static void wait_begins(struct activity *self, const struct an_thread *thread, uint64_t now)
{
    const struct an_wait *wait = &thread->wait;
    struct wait *at = &thread_of(self, thread)->wait;
    *at = (struct wait){.of = *wait, .from = now};
    /* A lock says itself what it is waited for. */
    if (wait->kind != AN_WAIT_LOCK)
        at->what = an_wait_text(self->drawing.ctx, wait);
    else
        at->taken_before = wait->object->lock.acquisitions;
}

static void tell_giver(struct activity *self, const struct wait *wait, struct an_span *span)
{
    if (wait->of.kind == AN_WAIT_JOIN && wait->of.thread) {
        span->by = wait->of.thread;
        span->handed = thread_of(self, wait->of.thread)->now;
    } else if (wait->of.object) {
        span->by = object_of(self, wait->of.object)->giver;
        span->handed = object_of(self, wait->of.object)->given;
    }
    if (span->by == span->thread || span->handed < span->from)
        span->by = NULL;
    span->until = later(span->until, span->by ? span->handed : 0);
}

static void count_wait(struct activity *self, const struct wait *wait, const struct an_span *span)
{
    uint64_t time = span->until - span->from;
    if (span->role != SN_ROLE_SLEEPS && wait->of.kind != AN_WAIT_OUTSIDE) {
        struct an_thread_activity *thread = &self->drawing.threads.at[span->thread->index];
        thread->waits++;
        thread->waited += time;
    }
    if (!span->object)
        return;
    struct sn_lock_use *use = use_of(self, span->object);
    use->waits++;
    use->waited += time;
    use->longest_wait = later(use->longest_wait, time);
    if (wait->of.kind != AN_WAIT_LOCK)
        return;
    uint64_t taken = span->object->lock.acquisitions - wait->taken_before;
    uint64_t own = !(span->flags & (SN_SPAN_GAVE_UP | SN_SPAN_OPEN));
    use->bypassed = later(use->bypassed, taken > own ? taken - own : 0);
}

static void wait_ends(struct activity *self, const struct an_thread *thread, uint64_t now,
                      uint32_t flags)
{
    struct wait wait = thread_of(self, thread)->wait;
    self->threads.at[thread->index].wait = (struct wait){0};
    struct an_span span = {
        .from = wait.from,
        .until = now,
        .thread = thread,
        .object = an_wait_object(&wait.of),
        .what = wait.what,
        .stack = wait.of.stack,
        .role = role_of(&wait.of),
        .flags = flags | (wait.of.shared ? SN_SPAN_SHARED : 0),
    };
    if (!flags)
        tell_giver(self, &wait, &span);
    count_wait(self, &wait, &span);
    add_span(self, &span);
}

/* Holds -----------------------------------------------------------------------------------------
 */

/* When THREAD took what it has HELD; 0: that is missing. */
static uint64_t held_from(struct activity *self, const struct an_thread *thread,
                          const struct an_held *held)
{
    struct thread *at = thread_of(self, thread);
    for (size_t i = at->held.count; i-- > 0;) {
        uint64_t from = at->held.at[i].from;
        if (at->held.at[i].index != held->index)
            continue;
        vec_remove(&at->held, i);
        return from;
    }
    return 0;
}

static void hold_ends(struct activity *self, const struct an_thread *thread,
                      const struct an_held *held, uint64_t now, uint32_t flags)
{
    uint64_t from = held_from(self, thread, held);
    if (!from)
        return;
    struct an_span span = {
        .from = from,
        .until = later(now, from),
        .thread = thread,
        .object = held->object,
        .stack = held->stack,
        .role = SN_ROLE_HOLDS,
        .flags = flags | (held->shared ? SN_SPAN_SHARED : 0),
    };
    struct sn_lock_use *use = use_of(self, held->object);
    use->held += span.until - span.from;
    use->longest_hold = later(use->longest_hold, span.until - span.from);
    add_span(self, &span);
}

static void note_holding(struct activity *self, const struct an_thread *thread, uint64_t now)
{
    struct thread *at = thread_of(self, thread);
    if (thread->held.count && !at->holds)
        at->holds = later(now, 1);
    if (thread->held.count || !at->holds)
        return;
    self->drawing.threads.at[thread->index].held += later(now, at->holds) - at->holds;
    at->holds = 0;
}

static void note_order(struct activity *self, const struct an_thread *thread,
                       const struct an_held *taken)
{
    vec_each (struct an_held, held, &thread->held) {
        if (held->object == taken->object)
            continue;
        uint64_t *index =
            sn_map_at(&self->edge_of, (uint64_t)held->object->id << 32 | taken->object->id);
        if (!*index) {
            *vec_push(&self->drawing.edges) =
                (struct an_edge){thread, held->object, taken->object, held->stack, taken->stack, 0};
            *index = self->drawing.edges.count;
        }
        self->drawing.edges.at[*index - 1].count++;
    }
}

static void lock_taken(struct activity *self, const struct an_thread *thread, uint64_t now)
{
    const struct an_held *held = vec_last(&thread->held);
    struct sn_lock_use *use = use_of(self, held->object);
    use->taken++;
    use->shared += held->shared;
    *vec_push(&thread_of(self, thread)->held) = (struct hold){held->index, later(now, 1)};
    note_order(self, thread, held);
}

/* Events ----------------------------------------------------------------------------------------
 */

/* EV's time, and that of what it depends on. */
static uint64_t time_of(struct activity *self, const struct tr_event *ev)
{
    const struct an_now *now = &self->drawing.ctx->world->now;
    struct thread *thread = thread_of(self, now->thread);
    uint64_t time = later(ev->time, thread->now);
    /* A request is older than what it finds. */
    if (now->object && ev->version && ev->kind != TR_REQUEST)
        time = later(time, object_of(self, now->object)->now);
    if (now->object)
        object_of(self, now->object)->now = time;
    thread->now = time;
    struct an_thread_activity *activity = &self->drawing.threads.at[now->thread->index];
    if (!activity->from)
        activity->from = time;
    return time;
}

static bool gives(const struct an_now *now, uint8_t kind)
{
    return kind == TR_RELEASE || kind == TR_COND_SIGNAL || kind == TR_SEM_POST ||
           kind == TR_ONCE_END || (kind == TR_BARRIER_ENTER && now->fills_round);
}

static bool gave_up(const struct tr_event *ev)
{
    return ev->kind == TR_TRY_FAIL || ev->kind == TR_JOIN_FAIL ||
           (ev->kind == TR_COND_WAKE && (ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED)));
}

static void follow_lock(struct activity *self, const struct tr_event *ev, uint64_t time)
{
    const struct an_now *now = &self->drawing.ctx->world->now;
    if (ev->kind == TR_ACQUIRE && now->outermost)
        lock_taken(self, now->thread, time);
    if (ev->kind == TR_RELEASE && now->outermost && now->released_of) {
        hold_ends(self, now->released_of, &now->released, time, 0);
        note_holding(self, now->released_of, time);
    }
    vec_each (struct an_hold, hold, &now->ended_holds.of) {
        hold_ends(self, hold->thread, &hold->held, time, 0);
        note_holding(self, hold->thread, time);
    }
    note_holding(self, now->thread, time);
}

static void event(void *data, const struct tr_event *ev)
{
    struct activity *self = data;
    const struct an_now *now = &self->drawing.ctx->world->now;
    uint64_t time = time_of(self, ev);
    const struct an_thread *thread = now->thread;
    struct thread *at = thread_of(self, thread);
    if (at->wait.of.kind && at->wait.of.index != thread->wait.index)
        wait_ends(self, thread, time, gave_up(ev) ? SN_SPAN_GAVE_UP : 0);
    if (thread->wait.kind && thread_of(self, thread)->wait.of.index != thread->wait.index)
        wait_begins(self, thread, time);
    if (now->object && an_type_is_lock(now->object->type))
        follow_lock(self, ev, time);
    if (now->object && gives(now, ev->kind)) {
        object_of(self, now->object)->giver = thread;
        object_of(self, now->object)->given = time;
    }
    if (ev->kind == TR_THREAD_EXIT)
        self->drawing.threads.at[thread->index].until = time;
}

static void finish(void *data)
{
    struct activity *self = data;
    struct an_world *world = self->drawing.ctx->world;
    self->drawing.until =
        later(world->last_time, tr_reader_header(self->drawing.ctx->reader)->standstill_tsc);
    for (size_t i = 0; i < world->threads.all.count; i++) {
        struct an_thread *thread = world->threads.all.at[i];
        uint64_t end = self->drawing.threads.count > i ? self->drawing.threads.at[i].until : 0;
        end = end ? end : self->drawing.until;
        if (thread_of(self, thread)->wait.of.kind)
            wait_ends(self, thread, later(end, self->threads.at[i].wait.from), SN_SPAN_OPEN);
        vec_each (struct an_held, held, &thread->held)
            hold_ends(self, thread, held, end, SN_SPAN_OPEN);
        if (self->threads.at[i].holds)
            self->drawing.threads.at[i].held +=
                later(end, self->threads.at[i].holds) - self->threads.at[i].holds;
    }
    an_draw(&self->drawing);
}

static void close_pass(void *data)
{
    struct activity *self = data;
    an_drawing_release(&self->drawing);
    sn_map_release(&self->edge_of);
    vec_each (struct thread, thread, &self->threads)
        vec_release(&thread->held);
    vec_release(&self->threads);
    vec_release(&self->objects);
    free(self);
}

const struct an_analysis an_activity = {
    .name = "activity",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
