/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that end while somebody holds them or waits for them: destroyed, initialised anew, or gone
 * with their memory. Versions put the end behind each release and each end of a wait that came
 * before it. What a dead thread holds is an abandoned lock, and nothing more is said of it here.
 * Memory that is unmapped may live on in another process, or elsewhere in this one: a lock in it
 * that processes share does not end by that.
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"

#include <errno.h>

struct destroyed {
    struct an_context *ctx;
    struct sn_map told; /* by the stacks of both sides: the finding */
};

static bool wants(uint8_t kind)
{
    return kind == TR_OBJECT_END || kind == TR_OP_ERROR;
}

static void *open_pass(struct an_context *ctx)
{
    struct destroyed *destroyed = sn_calloc(1, sizeof *destroyed);
    destroyed->ctx = ctx;
    return destroyed;
}

/* A destruction that the C library refused, since the mutex is locked: it lives on, and whoever
 * holds it does so still. */
static bool add_refused(struct an_holds *parties, const struct an_object *object)
{
    struct an_thread *owner = object->lock.owner;
    const struct an_held *held = owner ? an_thread_holds(owner, object) : NULL;
    if (!held || !an_thread_lives(owner))
        return false;
    *vec_push(&parties->of) = (struct an_hold){owner, *held};
    return true;
}

/* May it go on, though it is no more at this address? Readers: pages thrown away end a lock that no
 * writer holds. */
static bool may_live_on(const struct an_object *object, const struct an_holds *parties)
{
    if (object->end_cause != TR_END_UNMAP)
        return false;
    return object->attributes & (TR_ATTR_PROCESS_SHARED | TR_ATTR_ROBUST) ||
           (parties->of.count && parties->of.at[0].held.shared);
}

/* Was its release perhaps lost? */
static bool is_certain(const struct an_world *world, const struct an_hold *party)
{
    return party->held.index && (!world->lost_until || party->held.time > world->lost_until);
}

static const char *deed(const struct an_object *object, bool refused)
{
    if (refused)
        return "tries to destroy";
    switch (object->end_cause) {
    case TR_END_FREE:
        return "frees the memory of";
    case TR_END_UNMAP:
        return "unmaps the memory of";
    case TR_END_STACK:
        return "leaves the function or thread that has";
    case TR_END_REINIT:
        return "initialises again";
    default:
        return "destroys";
    }
}

static const char *rule(const struct an_object *object, bool refused)
{
    if (refused)
        return "POSIX leaves undefined what happens then; this C library noticed and refused with "
               "EBUSY, so that the mutex lives on: if the program goes on to free its memory, it "
               "is "
               "used after that.";
    switch (object->end_cause) {
    case TR_END_REINIT:
        return "POSIX leaves undefined what happens then. Whoever locks it next comes in beside "
               "the holder, whose unlock is then one too many.";
    case TR_END_DESTROY:
        return "POSIX and C11 leave undefined what happens then: who waits may wait for ever, and "
               "the unlock is of what is no lock any more.";
    default:
        return "The unlock, and whoever waits, then use memory that may already be something else.";
    }
}

static const char *parties_text(const struct an_context *ctx, const struct an_holds *parties,
                                size_t waiters)
{
    struct sn_arena *arena = &ctx->report->arena;
    if (!parties->of.count)
        return waiters == 1 ? "another thread waits for it"
                            : sn_sprintf(arena, "%zu threads wait for it", waiters);
    const struct an_hold *first = parties->of.at;
    const char *who =
        first->thread == ctx->world->now.thread ? "it" : an_thread_text(ctx, first->thread);
    if (waiters == 0)
        return sn_sprintf(arena, "%s holds it", who);
    return sn_sprintf(arena, "%s holds it and %zu more wait%s for it", who, waiters,
                      waiters == 1 ? "s" : "");
}

static struct sn_finding *tell(struct destroyed *destroyed, const struct tr_event *ev,
                               const struct an_holds *parties, bool refused)
{
    const struct an_context *ctx = destroyed->ctx;
    const struct an_now *now = &ctx->world->now;
    const struct an_object *object = now->object;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_LOCK_DESTROYED_HELD, SN_OBSERVED);
    size_t waiters = object->lock.waiters.count;
    struct sn_site *site =
        an_site(ctx, finding, SN_ROLE_DESTROYS, now->thread, ev->stack, ev->index, object);
    if (!refused && object->end_cause == TR_END_STACK && ev->stack)
        site->note = "has left the function whose variable it is, before it came here";
    for (size_t i = 0; i < parties->of.count; i++) {
        const struct an_hold *party = &parties->of.at[i];
        an_site(ctx, finding, SN_ROLE_HOLDS, party->thread, party->held.stack, party->held.index,
                object);
    }
    for (size_t i = 0; i < waiters; i++) {
        struct an_thread *thread = object->lock.waiters.at[i];
        an_site(ctx, finding, SN_ROLE_WAITS, thread, thread->wait.stack, thread->wait.index,
                object);
    }
    const char *what = sn_sprintf(arena, "%s %s", deed(object, refused), an_lock_text(ctx, object));
    const char *while_ = parties_text(ctx, parties, waiters);
    finding->title =
        sn_sprintf(arena, "%s %s while %s", an_thread_text(ctx, now->thread), what, while_);
    finding->explanation = sn_sprintf(
        arena, "%s %s while %s. %s" AN_ADVICE "%s", an_thread_begins(ctx, now->thread), what,
        while_, rule(object, refused),
        parties->of.count && parties->of.at[0].thread == now->thread && !waiters
            ? "Unlock it first, and see to it that nobody can come to lock it then."
            : "Destroy it only when nobody can come to use it any more: join the threads first, or "
              "count the users and let the last one destroy it.");
    return finding;
}

static void event(void *self, const struct tr_event *ev)
{
    struct destroyed *destroyed = self;
    const struct an_world *world = destroyed->ctx->world;
    struct an_object *object = world->now.object;
    bool refused = ev->kind == TR_OP_ERROR;
    if (!object || !an_type_is_lock(object->type) || (refused && ev->a0 != EBUSY))
        return;
    struct an_holds held = {0};
    const struct an_holds *parties = refused ? &held : &world->now.ended_holds;
    if ((refused ? add_refused(&held, object) : object->ended_in_use) &&
        an_is_sure(world->now.thread, ev->index) && !may_live_on(object, parties) &&
        !(object->lock.owner && !an_thread_lives(object->lock.owner)) &&
        (!parties->of.count || is_certain(world, parties->of.at))) {
        uint32_t other = parties->of.count ? parties->of.at[0].held.stack
                                           : object->lock.waiters.at[0]->wait.stack;
        uint64_t *known = sn_map_at(&destroyed->told, (uint64_t)other << 32 | ev->stack);
        if (*known)
            ((struct sn_finding *)(uintptr_t)*known)->count++;
        else
            *known = (uintptr_t)tell(destroyed, ev, parties, refused);
        if (!refused)
            object->blamed = (struct sn_finding *)(uintptr_t)*known;
    }
    vec_release(&held.of);
}

static void finish(void *self)
{
    an_blame_those_left(((struct destroyed *)self)->ctx->world);
}

static void close_pass(void *self)
{
    struct destroyed *destroyed = self;
    sn_map_release(&destroyed->told);
    free(destroyed);
}

const struct an_analysis an_lock_destroyed_held = {
    .name = "lock_destroyed_held",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
