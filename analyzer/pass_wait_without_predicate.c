/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits at a condition that take any wake for the answer. A thread that was woken leaves its mutex,
 * or waits again, and has read nothing again that it read before the wait, although another thread
 * has changed some of that meanwhile, so that a second look would be in the trace. Or it had read
 * nothing at all before.
 *
 * A place where once somebody looks again is no such place. Nothing is told without the accesses of
 * the code around the wait and around the signal.
 */
#include "analyzer/compose.h"
#include "analyzer/coverage.h"
#include "base/map.h"

struct wait {
    const struct an_object *condition, *mutex;
    uint64_t index;
    uint32_t stack;
    bool timed, woken;
    const struct an_thread *signaller;
    uint32_t signal_stack;
    uint64_t signal_index;
};

struct place { /* from where somebody waits */
    bool looks;
    uint64_t count; /* of waits behind which nobody looked */
    struct wait first;
    const struct an_thread *thread;
    uint32_t look_stack; /* of what it read before; 0: of nothing */
    uint64_t look_index;
};

struct predicates {
    struct an_context *ctx;
    VEC(struct wait) waits; /* by thread: its latest */
    VEC(struct place) places;
    struct sn_map by_address; /* to the place, plus one */
};

static bool wants(uint8_t kind)
{
    return kind == TR_COND_WAIT || kind == TR_COND_WAKE || kind == TR_RELEASE;
}

static void *open_pass(struct an_context *ctx)
{
    struct predicates *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

static struct place *place_of(struct predicates *self, uint32_t stack)
{
    uint64_t *known = sn_map_at(&self->by_address, an_place(self->ctx, stack));
    if (!*known) {
        (void)vec_push(&self->places);
        *known = self->places.count;
    }
    return &self->places.at[*known - 1];
}

/* Looks again. ----------------------------------------------------------------------------------
 */

static bool looks_again(const struct an_critical *before, const struct an_critical *behind)
{
    vec_each (struct an_touch, touch, &behind->touches) {
        const struct an_touch *old = touch->read_index ? an_touched(before, touch->word) : NULL;
        if (old && old->read_index)
            return true;
    }
    return before->crowded || behind->crowded;
}

/* Something that was read before, and that another thread has written since. */
static const struct an_touch *changed(struct an_world *world, const struct an_critical *before,
                                      const struct wait *wait)
{
    vec_each (struct an_touch, touch, &before->touches) {
        const struct an_access *write =
            touch->read_index ? an_latest_write(world, touch->word) : NULL;
        if (write && write->index > wait->index && write->thread != world->now.thread->index)
            return touch;
    }
    return NULL;
}

static bool reads_news(const struct an_critical *section)
{
    vec_each (struct an_touch, touch, &section->touches)
        if (touch->author.thread)
            return true;
    return false;
}

/* The thread leaves the section behind the wait, or waits AGAIN. */
static void judge(struct predicates *self, struct wait *wait, bool again)
{
    struct an_world *world = self->ctx->world;
    const struct an_lock_use *use = an_lock_use(world->now.thread, wait->mutex);
    wait->woken = false;
    if (!use || use->present.begin < wait->index || !world->now.thread->whole)
        return;
    struct place *place = place_of(self, wait->stack);
    if (use->last.crossed || looks_again(&use->last, &use->present)) {
        place->looks = true;
        return;
    }
    const struct an_touch *look = changed(world, &use->last, wait);
    bool blind = !again && !wait->timed && !an_any_read(&use->last) && !reads_news(&use->present);
    if ((!look && !blind) || !an_is_covered(self->ctx, wait->stack) ||
        !an_is_covered(self->ctx, wait->signal_stack))
        return;
    if (place->count++)
        return;
    place->first = *wait;
    place->thread = world->now.thread;
    place->look_stack = look ? look->read_stack : 0;
    place->look_index = look ? look->read_index : 0;
}

/* Waits. ----------------------------------------------------------------------------------------
 */

static void event(void *data, const struct tr_event *ev)
{
    struct predicates *self = data;
    struct an_world *world = self->ctx->world;
    struct an_thread *thread = world->now.thread;
    vec_cover(&self->waits, thread->index);
    struct wait *wait = &self->waits.at[thread->index];
    switch (ev->kind) {
    case TR_COND_WAIT:
        if (wait->woken)
            judge(self, wait, true);
        *wait = (struct wait){
            .condition = world->now.object,
            .mutex = an_thread_locked(thread, ev->a0),
            .index = ev->index,
            .stack = ev->stack,
            .timed = ev->mode & TR_LOCK_TIMED,
        };
        break;
    case TR_COND_WAKE: {
        const struct an_condition *condition = &world->now.object->condition;
        wait->woken = wait->mutex && condition->last_signal > wait->index &&
                      !(ev->mode & (TR_LOCK_TIMEOUT | TR_LOCK_CANCELLED));
        if (!wait->woken)
            return;
        wait->signaller = an_thread_find(world, condition->last_signal_thread);
        wait->signal_stack = condition->last_signal_stack;
        wait->signal_index = condition->last_signal;
        break;
    }
    default:
        if (wait->woken && world->now.object == wait->mutex && world->now.outermost)
            judge(self, wait, false);
        break;
    }
}

/* Findings. -------------------------------------------------------------------------------------
 */

static void tell(const struct an_context *ctx, const struct place *place)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct wait *wait = &place->first;
    struct sn_finding *finding = an_finding(ctx, SN_WAIT_WITHOUT_PREDICATE, SN_POSSIBLE);
    const char *lock = an_lock_text(ctx, wait->condition);
    finding->count = place->count;
    if (place->look_stack)
        an_site(ctx, finding, SN_ROLE_READ, place->thread, place->look_stack, place->look_index,
                NULL);
    an_site(ctx, finding, SN_ROLE_WAITS, place->thread, wait->stack, wait->index, wait->condition);
    an_site(ctx, finding, SN_ROLE_SIGNALS, wait->signaller, wait->signal_stack, wait->signal_index,
            wait->condition);
    finding->reason =
        "this time the wake was meant: what a spurious or stolen one does was not seen";
    finding->title = sn_sprintf(arena, "a wait for %s takes any wake for the answer", lock);
    finding->explanation = sn_sprintf(
        arena,
        "%s waited for %s, was woken, and %s. A wait may return though nobody signalled (POSIX "
        "calls it a spurious wakeup), or after somebody else, who got the mutex first, has undone "
        "what the signal told of." AN_ADVICE
        "Wait in a loop: while (!condition) pthread_cond_wait(...), so that the condition is "
        "tested "
        "again under the mutex after each wake; in C++, wait with a predicate.",
        an_thread_begins(ctx, place->thread), lock,
        place->look_stack ? "did not read again what it had looked at before"
                          : "had looked at nothing before nor looked at anything then");
}

static void finish(void *data)
{
    struct predicates *self = data;
    if (an_lost_events(self->ctx->reader))
        return; /* a look may be among them */
    vec_each (struct place, place, &self->places)
        if (place->count && !place->looks)
            tell(self->ctx, place);
}

static void close_pass(void *data)
{
    struct predicates *self = data;
    vec_release(&self->waits);
    vec_release(&self->places);
    sn_map_release(&self->by_address);
    free(self);
}

const struct an_analysis an_wait_without_predicate = {
    .name = "wait_without_predicate",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
