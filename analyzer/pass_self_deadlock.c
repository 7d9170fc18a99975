/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that waits for a lock it holds itself: at the end of the trace, without a time limit and
 * without ever having got it; or told so by an error-checking mutex (EDEADLK). A once that its own
 * routine comes to is such a lock, and so is a semaphore with one token that whoever took it has
 * given back each time, where nobody is left who could post. A thread may also join itself.
 */
#include "analyzer/compose.h"
#include "analyzer/world/standstill.h"
#include "analyzer/world/waits.h"

#include <errno.h>

static bool wants(uint8_t kind)
{
    return kind == TR_OP_ERROR || kind == TR_JOIN_FAIL;
}

struct self_deadlocks {
    struct an_context *ctx;
    struct sn_map refused; /* by lock and stack: the finding */
};

static void *open_pass(struct an_context *ctx)
{
    struct self_deadlocks *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* What a thread wants that it holds: HELD, at STACK and INDEX. */
struct wish {
    struct an_thread *thread;
    struct an_held held;
    uint32_t stack;
    uint64_t index;
    bool shared;
    bool refused; /* with EDEADLK; else it waits */
};

static const char *way(const struct an_object *object, bool shared)
{
    if (object->type != TR_TYPE_RWLOCK)
        return "";
    return shared ? " for reading" : " for writing";
}

static const char *advice(const struct wish *wish)
{
    if (wish->held.object->type == TR_TYPE_ONCE)
        return "Let what is done once not call what needs it to be done.";
    if (wish->held.shared)
        return "Give the read lock back before asking for the write lock.";
    return "Call the inner function without the lock, split off a variant of it that expects the "
           "lock to be held, or make the lock recursive.";
}

static const char *outcome(const struct wish *wish)
{
    if (wish->held.object->type == TR_TYPE_ONCE)
        return "Its routine can end only when it has ended: the thread waits for itself, for ever.";
    if (wish->held.object->type == TR_TYPE_SEM)
        return "It has taken the only token, and nobody else is left who could post: the thread "
               "waits for itself, for ever.";
    if (!wish->refused)
        return "Nobody else can release it: the thread waits for itself, for ever.";
    return wish->held.object->type == TR_TYPE_RWLOCK
               ? "The lock refused with EDEADLK, as not every library does; if that is not looked "
                 "at, what follows runs without it, and gives it back too early."
               : "The error-checking lock refused with EDEADLK; a plain one would hang here for "
                 "ever.";
}

static const char *behind_text(struct sn_arena *arena, size_t behind)
{
    return behind ? sn_sprintf(arena, " %zu further thread%s only because of it.", behind,
                               behind == 1 ? " waits" : "s wait")
                  : "";
}

static struct sn_finding *tell(struct an_context *ctx, const struct wish *wish)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct an_thread *thread = wish->thread;
    const struct an_held *held = &wish->held;
    const struct an_object *object = held->object;
    struct sn_finding *finding = an_finding(ctx, SN_SELF_DEADLOCK, SN_OBSERVED);
    const char *lock = an_lock_text(ctx, object);
    an_site(ctx, finding, SN_ROLE_HOLDS, thread, held->stack, held->index, object);
    an_site(ctx, finding, wish->refused ? SN_ROLE_TRIES : SN_ROLE_WAITS, thread, wish->stack,
            wish->index, object);
    finding->title = sn_sprintf(arena, "self-deadlock on %s", lock);
    if (!wish->refused && !an_waits_surely(thread))
        an_doubt(ctx, finding, "which may have ended this wait");
    thread->blamed = wish->refused ? thread->blamed : finding;
    size_t behind = wish->refused ? 0 : an_blame_waiters(ctx->world, finding);
    bool once = object->type == TR_TYPE_ONCE;
    finding->explanation = sn_sprintf(
        arena, "%s %s %s%s and %s it again%s. %s%s" AN_ADVICE "%s", an_thread_begins(ctx, thread),
        once ? "runs" : "holds", lock, way(object, held->shared), once ? "comes to" : "locks",
        way(object, wish->shared), outcome(wish), behind_text(arena, behind), advice(wish));
    return finding;
}

/* THREAD is told by the C library that it joins itself. */
static struct sn_finding *tell_join(struct an_context *ctx, const struct an_thread *thread,
                                    const struct tr_event *ev)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_SELF_DEADLOCK, SN_OBSERVED);
    an_site(ctx, finding, SN_ROLE_JOINS, thread, ev->stack, ev->index, NULL);
    finding->title = sn_sprintf(arena, "%s joins itself", an_thread_text(ctx, thread));
    finding->explanation =
        sn_sprintf(arena,
                   "%s waits for its own end, which cannot come before. The C library refused with "
                   "EDEADLK; elsewhere it would hang here for ever." AN_ADVICE
                   "Join it from another thread, or detach it.",
                   an_thread_begins(ctx, thread));
    return finding;
}

static struct sn_finding *refusal(struct an_context *ctx, const struct tr_event *ev)
{
    const struct an_now *now = &ctx->world->now;
    if (ev->kind == TR_JOIN_FAIL)
        return ev->a0 == now->thread->number ? tell_join(ctx, now->thread, ev) : NULL;
    const struct an_held *held = now->object ? an_thread_holds(now->thread, now->object) : NULL;
    if (!held)
        return NULL;
    return tell(ctx, &(struct wish){.thread = now->thread,
                                    .held = *held,
                                    .stack = ev->stack,
                                    .index = ev->index,
                                    .shared = (ev->mode & TR_LOCK_SHARED) != 0,
                                    .refused = true});
}

static void event(void *data, const struct tr_event *ev)
{
    struct self_deadlocks *self = data;
    const struct an_now *now = &self->ctx->world->now;
    if (ev->kind == TR_JOIN_FAIL ? ev->a1 != EDEADLK : ev->a0 != EDEADLK)
        return;
    uint64_t object = ev->kind != TR_JOIN_FAIL && now->object ? now->object->id : 0;
    uint64_t *known = sn_map_at(&self->refused, object << 32 | ev->stack);
    if (*known)
        ((struct sn_finding *)(uintptr_t)*known)->count++;
    else
        *known = (uintptr_t)refusal(self->ctx, ev);
}

/* Does it hold what it waits for? */
static bool holds_itself(const struct an_standstill *still, const struct an_thread *thread,
                         struct an_held *held)
{
    const struct an_wait *wait = &thread->wait;
    *held = (struct an_held){.object = wait->object};
    if (wait->kind == AN_WAIT_ONCE && wait->object->once.by == thread) {
        held->stack = wait->object->once.stack;
        held->index = wait->object->once.index;
        return true;
    }
    if (wait->kind == AN_WAIT_SEM && an_semaphore_holder(wait->object) == thread &&
        an_is_past_help(still, thread) && !still->may_be_helped) {
        held->stack = wait->object->semaphore.hold_stack;
        held->index = wait->object->semaphore.hold_index;
        return true;
    }
    const struct an_held *lock =
        wait->kind == AN_WAIT_LOCK ? an_thread_holds(thread, wait->object) : NULL;
    if (!lock || (lock->shared && wait->shared))
        return false;
    *held = *lock;
    return true;
}

static void finish(void *data)
{
    struct an_context *ctx = ((struct self_deadlocks *)data)->ctx;
    struct an_standstill still;
    an_standstill_find(ctx->world, &still);
    vec_each (struct an_thread *, at, &ctx->world->threads.all) {
        struct an_thread *thread = *at;
        struct wish wish = {.thread = thread,
                            .stack = thread->wait.stack,
                            .index = thread->wait.index,
                            .shared = thread->wait.shared};
        if (!thread->blamed && an_waits_for_ever(thread) &&
            holds_itself(&still, thread, &wish.held))
            tell(ctx, &wish);
    }
    an_standstill_release(&still);
}

static void close_pass(void *data)
{
    struct self_deadlocks *self = data;
    sn_map_release(&self->refused);
    free(self);
}

const struct an_analysis an_self_deadlock = {
    .name = "self_deadlock",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
