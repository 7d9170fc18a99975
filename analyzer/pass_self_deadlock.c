/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that waits for a lock it holds itself: at the end of the trace, without a time limit and
 * without ever having got it; or told so by an error-checking mutex (EDEADLK).
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"

#include <errno.h>

static bool wants(uint8_t kind)
{
    return kind == TR_OP_ERROR;
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

static const char *way(const struct an_object *object, bool shared)
{
    if (object->type != TR_TYPE_RWLOCK)
        return "";
    return shared ? " for reading" : " for writing";
}

/* HELD is wanted once more, at STACK; REFUSED by the lock, or waited for. */
static struct sn_finding *tell(struct an_context *ctx, struct an_thread *thread,
                               const struct an_held *held, uint32_t stack, uint64_t index,
                               bool shared, bool refused)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_object *object = held->object;
    struct sn_finding *finding = an_finding(ctx, SN_SELF_DEADLOCK, SN_OBSERVED);
    const char *lock = an_lock_text(ctx, object);
    an_site(ctx, finding, SN_ROLE_HOLDS, thread, held->stack, held->index, object);
    an_site(ctx, finding, refused ? SN_ROLE_TRIES : SN_ROLE_WAITS, thread, stack, index, object);
    finding->title = sn_sprintf(arena, "self-deadlock on %s", lock);
    if (!refused && !an_waits_surely(thread))
        an_doubt(ctx, finding, "which may have ended this wait");
    thread->blamed = refused ? thread->blamed : finding;
    size_t behind = refused ? 0 : an_blame_waiters(ctx->world, finding);
    finding->explanation = sn_sprintf(
        arena, "%s holds %s%s and locks it again%s. %s%s" AN_ADVICE "%s",
        an_thread_begins(ctx, thread), lock, way(object, held->shared), way(object, shared),
        refused ? "The error-checking lock refused with EDEADLK; a plain one would hang here for "
                  "ever."
                : "Nobody else can release it: the thread waits for itself, for ever.",
        behind ? sn_sprintf(arena, " %zu further thread%s only because of it.", behind,
                            behind == 1 ? " waits" : "s wait")
               : "",
        held->shared ? "Give the read lock back before asking for the write lock."
                     : "Call the inner function without the lock, split off a variant of it that "
                       "expects the lock to be held, or make the lock recursive.");
    return finding;
}

static void event(void *data, const struct tr_event *ev)
{
    struct self_deadlocks *self = data;
    const struct an_now *now = &self->ctx->world->now;
    const struct an_held *held = now->object ? an_thread_holds(now->thread, now->object) : NULL;
    if (ev->a0 != EDEADLK || !held)
        return;
    uint64_t *known = sn_map_at(&self->refused, (uint64_t)now->object->id << 32 | ev->stack);
    if (*known)
        ((struct sn_finding *)(uintptr_t)*known)->count++;
    else
        *known = (uintptr_t)tell(self->ctx, now->thread, held, ev->stack, ev->index,
                                 (ev->mode & TR_LOCK_SHARED) != 0, true);
}

static void finish(void *data)
{
    struct an_context *ctx = ((struct self_deadlocks *)data)->ctx;
    vec_each (struct an_thread *, at, &ctx->world->threads.all) {
        struct an_thread *thread = *at;
        const struct an_wait *wait = &thread->wait;
        if (thread->blamed || wait->kind != AN_WAIT_LOCK || !an_waits_for_ever(thread))
            continue;
        const struct an_held *held = an_thread_holds(thread, wait->object);
        if (held && !(held->shared && wait->shared))
            tell(ctx, thread, held, wait->stack, wait->index, wait->shared, false);
    }
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
