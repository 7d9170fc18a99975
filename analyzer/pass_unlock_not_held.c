/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unlocking what one does not hold. The recorder says so of a release where it is sure (FOREIGN):
 * the C library knows who has a mutex, and whether anybody has a spin lock or a reader-writer lock.
 * The world adds who had it: another thread, whose hold ends by it, or nobody since somebody's
 * release. A thread whose hold another one has ended does no more than what is right when it
 * unlocks: that is told once, by what the other did. What a fork child may have inherited is not
 * known in its trace, and nothing is said of it before it is locked there.
 */
#include "analyzer/compose.h"

#include <errno.h>

struct unlocks {
    struct an_context *ctx;
    struct sn_map told; /* by lock and stack: the finding */
};

static bool wants(uint8_t kind)
{
    return kind == TR_RELEASE || kind == TR_OP_ERROR;
}

static void *open_pass(struct an_context *ctx)
{
    struct unlocks *unlocks = sn_calloc(1, sizeof *unlocks);
    unlocks->ctx = ctx;
    return unlocks;
}

/* The hold that is ended, or in the way; HOLDER: whose. */
static const struct an_held *hold_of(const struct an_now *now, const struct tr_event *ev,
                                     const struct an_thread **holder)
{
    *holder = ev->kind == TR_RELEASE ? now->released_of : now->object->lock.owner;
    if (!*holder)
        return NULL;
    return ev->kind == TR_RELEASE ? &now->released : an_thread_holds(*holder, now->object);
}

/* Readers are known to nobody but the trace: the main thread may have become one before it began.
 */
static bool surely_not_a_reader(const struct an_now *now)
{
    return now->thread->number != 0 || !(now->object->attributes & TR_ATTR_STATIC);
}

/* Is it sure, from what the trace tells, that the thread did not have the lock? */
static bool surely_wrong(const struct an_context *ctx, const struct tr_event *ev,
                         const struct an_held *held)
{
    const struct an_now *now = &ctx->world->now;
    const struct an_object *object = now->object;
    bool child = tr_reader_header(ctx->reader)->flags & TR_IS_CHILD;
    if (child && object->attributes & TR_ATTR_STATIC && !object->lock.acquisitions)
        return false;
    if (object->type == TR_TYPE_MUTEX)
        return ev->mode & TR_LOCK_FOREIGN; /* the C library knows */
    if (!an_is_sure(now->thread, ev->index))
        return false;
    if (ev->mode & TR_LOCK_FOREIGN)
        return object->type != TR_TYPE_USER || object->lock.acquisitions;
    return held && held->index && object->known && now->thread->whole &&
           (!held->shared || surely_not_a_reader(now));
}

static bool is_wrong(const struct an_context *ctx, const struct tr_event *ev)
{
    const struct an_now *now = &ctx->world->now;
    if (ev->kind == TR_OP_ERROR && !(ev->a0 == EPERM && ev->mode & TR_LOCK_FOREIGN))
        return false;
    if (ev->kind == TR_RELEASE && !(ev->mode & TR_LOCK_FOREIGN) && !now->released_by_other)
        return false;
    if (!now->object || !an_type_is_lock(now->object->type) || now->object->misuse ||
        now->was_robbed)
        return false;
    const struct an_thread *holder;
    const struct an_held *held = hold_of(now, ev, &holder);
    return holder != now->thread && surely_wrong(ctx, ev, held);
}

static const char *consequence(const struct tr_event *ev, bool held)
{
    if (ev->kind == TR_OP_ERROR)
        return "The lock knows its holder and refused with EPERM; a plain one would have been "
               "released.";
    if (held)
        return "POSIX and C11 leave undefined what happens then. Here the lock is released while "
               "its holder still relies on it: others come in, and what it guards is not guarded.";
    return "POSIX and C11 leave undefined what happens then: if another thread had just locked it, "
           "its lock would be released.";
}

static const char *state(const struct an_context *ctx, const struct an_thread *holder,
                         const struct an_release *last)
{
    const struct an_object *object = ctx->world->now.object;
    struct sn_arena *arena = &ctx->report->arena;
    if (holder)
        return sn_sprintf(arena, "%s holds it", an_thread_text(ctx, holder));
    if (object->attributes & TR_ATTR_PROCESS_SHARED ||
        !an_is_sure(ctx->world->now.thread, ctx->world->now.index))
        return "it does not hold it";
    if (last->thread == ctx->world->now.thread)
        return "it had given it back before";
    return last->thread ? "nobody holds it" : "nobody has locked it";
}

/* "unlocks L"; or what it did that does so. */
static const char *deed(const struct an_context *ctx, const struct tr_event *ev)
{
    return sn_sprintf(&ctx->report->arena,
                      ev->mode & TR_LOCK_IN_WAIT ? "waits at a condition with %s" : "unlocks %s",
                      an_lock_text(ctx, ctx->world->now.object));
}

static struct sn_finding *tell(const struct an_context *ctx, const struct tr_event *ev)
{
    const struct an_now *now = &ctx->world->now;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_UNLOCK_NOT_HELD, SN_OBSERVED);
    const struct an_thread *holder;
    const struct an_held *held = hold_of(now, ev, &holder);
    const struct an_release *last =
        ev->kind == TR_RELEASE ? &now->last_release : &now->object->lock.last_release;
    an_site(ctx, finding, SN_ROLE_RELEASES, now->thread, ev->stack, ev->index, now->object);
    if (held)
        an_site(ctx, finding, SN_ROLE_HOLDS, holder, held->stack, held->index, now->object);
    else if (last->thread)
        an_site(ctx, finding, SN_ROLE_RELEASES, last->thread, last->stack, last->index, now->object)
            ->note = "gave it back last";
    finding->title = sn_sprintf(arena, "%s %s, but %s", an_thread_text(ctx, now->thread),
                                deed(ctx, ev), state(ctx, holder, last));
    finding->explanation = sn_sprintf(
        arena, "%s %s, but %s. %s" AN_ADVICE "%s", an_thread_begins(ctx, now->thread),
        deed(ctx, ev), state(ctx, holder, last), consequence(ev, holder != NULL),
        holder ? "Unlock it in the thread that locked it. Where one thread is to wait for what "
                 "another one does, use a condition or a semaphore."
               : "Lock it on each way that leads to this unlock, and unlock once for each time; "
                 "guard objects (std::lock_guard) do both.");
    return finding;
}

static void event(void *self, const struct tr_event *ev)
{
    struct unlocks *unlocks = self;
    if (!is_wrong(unlocks->ctx, ev))
        return;
    uint64_t key = (uint64_t)unlocks->ctx->world->now.object->id << 32 | ev->stack;
    uint64_t *known = sn_map_at(&unlocks->told, key);
    if (*known)
        ((struct sn_finding *)(uintptr_t)*known)->count++;
    else
        *known = (uintptr_t)tell(unlocks->ctx, ev);
}

static void close_pass(void *self)
{
    struct unlocks *unlocks = self;
    sn_map_release(&unlocks->told);
    free(unlocks);
}

const struct an_analysis an_unlock_not_held = {
    .name = "unlock_not_held",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .close = close_pass,
};
