/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of synchronisation that are used when they are none: destroyed before, freed with their
 * memory, never initialised; or destroyed (or freed) while a thread waits at a condition, semaphore
 * or barrier. Of locks the last is lock-destroyed-held.
 *
 * The recorder looks at an object's memory at its first use (interpose/core/mark.h), so that what
 * it tells is so whatever was lost. That a freed block was not allocated again is known from the
 * trace: a later ALLOC there must come after the use, by happens-before, or nothing is told. Only
 * the first use is told. Where the end of the object is a finding, its later uses follow from that.
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"

struct use {
    struct an_thread *thread;
    const struct an_object *object;
    uint64_t index, clock;
    uint32_t stack, slot;
    enum sn_role role;
};

struct uses {
    struct an_context *ctx;
    struct sn_map told;    /* by the stacks of both sides: the finding */
    struct sn_map judged;  /* objects of which the first use was looked at */
    VEC(struct use) freed; /* of memory of which it has to be seen what becomes of it */
};

static bool wants(uint8_t kind)
{
    return (kind >= TR_OBJECT_END && kind <= TR_BARRIER_EXIT && kind != TR_OBJECT_NAME) ||
           kind == TR_ALLOC;
}

static void *open_pass(struct an_context *ctx)
{
    struct uses *uses = sn_calloc(1, sizeof *uses);
    uses->ctx = ctx;
    return uses;
}

static const char *noun(const struct an_object *object)
{
    switch (object->type) {
    case TR_TYPE_COND:
        return "condition";
    case TR_TYPE_SEM:
        return "semaphore";
    case TR_TYPE_BARRIER:
        return "barrier";
    default:
        return "lock";
    }
}

static enum sn_role role_of(const struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_OBJECT_END:
        return SN_ROLE_DESTROYS;
    case TR_ACQUIRE:
        return SN_ROLE_TAKES;
    case TR_RELEASE:
        return SN_ROLE_RELEASES;
    case TR_OP_ERROR:
        return ev->mode & TR_LOCK_FOREIGN ? SN_ROLE_RELEASES : SN_ROLE_TRIES;
    case TR_TRY_FAIL:
        return SN_ROLE_TRIES;
    case TR_COND_SIGNAL:
        return SN_ROLE_SIGNALS;
    case TR_SEM_POST:
        return SN_ROLE_POSTS;
    case TR_SEM_WAIT:
        return SN_ROLE_TAKES;
    default:
        return SN_ROLE_WAITS;
    }
}

static const char *verb_of(enum sn_role role)
{
    switch (role) {
    case SN_ROLE_DESTROYS:
        return "destroys";
    case SN_ROLE_RELEASES:
        return "unlocks";
    case SN_ROLE_SIGNALS:
        return "signals";
    case SN_ROLE_POSTS:
        return "posts";
    case SN_ROLE_TAKES:
    case SN_ROLE_TRIES:
        return "takes";
    default:
        return "waits for";
    }
}

/* The place of its end, if the trace has that. */
static const struct an_object *ended(const struct an_object *object)
{
    const struct an_object *previous = object->previous;
    bool known = previous && previous->end_index && previous->type == object->type &&
                 (object->misuse == AN_FREED || previous->end_cause == TR_END_DESTROY);
    return known ? previous : NULL;
}

static const char *state(const struct an_context *ctx, const struct use *use)
{
    const struct an_object *object = use->object, *end = ended(object);
    if (object->misuse == AN_UNMADE)
        return "was never initialised";
    if (!end)
        return "was destroyed before";
    return sn_sprintf(&ctx->report->arena,
                      object->misuse == AN_FREED ? "lay in memory that %s has freed"
                                                 : "%s has destroyed",
                      end->ended_by == use->thread ? "it" : an_thread_text(ctx, end->ended_by));
}

static const char *rule(const struct an_object *object)
{
    switch (object->misuse) {
    case AN_UNMADE:
        return "Unlike a mutex or a condition it has no static initialiser: what is in its memory "
               "is no valid value, even if it is zero.";
    case AN_FREED:
        return "The memory may be given out again at any time, and is then overwritten.";
    default:
        return "POSIX leaves undefined what happens then. This C library refuses a destroyed mutex "
               "with EINVAL, which nobody looks at, and nothing is locked; others go on as if "
               "nothing were wrong, until the memory is used for something else.";
    }
}

static struct sn_finding *tell_use(const struct an_context *ctx, const struct use *use)
{
    const struct an_object *object = use->object, *end = ended(object);
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_USE_AFTER_DESTROY, SN_OBSERVED);
    an_site(ctx, finding, use->role, use->thread, use->stack, use->index, object);
    if (end)
        an_site(ctx, finding, object->misuse == AN_FREED ? SN_ROLE_FREE : SN_ROLE_DESTROYS,
                end->ended_by, end->end_stack, end->end_index, object);
    const char *what = sn_sprintf(arena, "%s %s", verb_of(use->role), an_lock_text(ctx, object));
    const char *which = state(ctx, use);
    finding->title =
        sn_sprintf(arena, "%s %s, which %s", an_thread_text(ctx, use->thread), what, which);
    finding->explanation = sn_sprintf(
        arena, "%s %s, a %s which %s. %s" AN_ADVICE "%s", an_thread_begins(ctx, use->thread), what,
        noun(object), which, rule(object),
        object->misuse == AN_UNMADE
            ? sn_sprintf(arena, "Call %s before any thread can come to use it.",
                         object->type == TR_TYPE_SEM ? "sem_init" : "pthread_barrier_init")
            : "Destroy it only when nobody can come to use it any more: join the threads first, or "
              "count the users and let the last one destroy it. Initialise it before it is used "
              "again.");
    return finding;
}

static void count_use(struct uses *uses, const struct use *use)
{
    const struct an_object *end = ended(use->object);
    uint64_t key = (uint64_t)(end ? end->end_stack : 0) << 32 | use->stack;
    uint64_t *known = sn_map_at(&uses->told, sn_mix(key) ^ use->object->type);
    if (*known)
        ((struct sn_finding *)(uintptr_t)*known)->count++;
    else
        *known = (uintptr_t)tell_use(uses->ctx, use);
}

/* The first one of an object. */
static void look_at_use(struct uses *uses, const struct tr_event *ev)
{
    const struct an_now *now = &uses->ctx->world->now;
    const struct an_object *object = now->object;
    if ((*sn_map_at(&uses->judged, object->id))++ ||
        (object->previous && object->previous->ended_in_use))
        return;
    bool by_memory = object->attributes & (TR_ATTR_DESTROYED | TR_ATTR_UNMADE);
    if (!by_memory && (!an_is_sure(now->thread, ev->index) || !now->thread->whole))
        return;
    struct use use = {.thread = now->thread,
                      .object = object,
                      .index = ev->index,
                      .stack = ev->stack,
                      .role = role_of(ev),
                      .slot = now->thread->slot,
                      .clock = now->thread->clock};
    if (object->misuse == AN_FREED)
        *vec_push(&uses->freed) = use;
    else
        count_use(uses, &use);
}

static const char *end_deed(const struct an_object *object)
{
    switch (object->end_cause) {
    case TR_END_DESTROY:
        return "destroys";
    case TR_END_REINIT:
        return "initialises again";
    case TR_END_STACK:
        return "leaves the function or thread that has";
    default:
        return "frees the memory of";
    }
}

static void add_waiters(const struct an_context *ctx, struct sn_finding *finding,
                        const struct an_object *object)
{
    vec_each (struct an_thread *, thread, &ctx->world->threads.all)
        if ((*thread)->wait.object == object)
            an_site(ctx, finding, SN_ROLE_WAITS, *thread, (*thread)->wait.stack,
                    (*thread)->wait.index, object);
}

static struct sn_finding *tell_end(const struct an_context *ctx, const struct tr_event *ev)
{
    const struct an_now *now = &ctx->world->now;
    const struct an_object *object = now->object;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_USE_AFTER_DESTROY, SN_OBSERVED);
    an_site(ctx, finding, object->end_cause == TR_END_FREE ? SN_ROLE_FREE : SN_ROLE_DESTROYS,
            now->thread, ev->stack, ev->index, object);
    add_waiters(ctx, finding, object);
    const char *what = sn_sprintf(arena, "%s %s", end_deed(object), an_lock_text(ctx, object));
    uint32_t blocked = an_object_blocks(object);
    const char *who =
        blocked == 1 ? "a thread waits" : sn_sprintf(arena, "%u threads wait", blocked);
    finding->title =
        sn_sprintf(arena, "%s %s while %s there", an_thread_text(ctx, now->thread), what, who);
    finding->explanation = sn_sprintf(
        arena,
        "%s %s, a %s, while %s there and nothing has let %s through. POSIX leaves undefined what "
        "happens then: the destruction may hang until %s gone, or who waits is never woken, or "
        "uses what is no %s any more." AN_ADVICE
        "Wake all that wait and join them, or wait until the last one is through, before it is "
        "destroyed.",
        an_thread_begins(ctx, now->thread), what, noun(object), who, blocked == 1 ? "it" : "them",
        blocked == 1 ? "it is" : "they are", noun(object));
    return finding;
}

/* It ended while somebody waits there. Of a barrier that is a round that never fills, which is
 * another analysis's. */
static void look_at_end(struct uses *uses, const struct tr_event *ev)
{
    const struct an_world *world = uses->ctx->world;
    struct an_object *object = world->now.object;
    if (!object->ended_in_use || an_type_is_lock(object->type) || object->type == TR_TYPE_BARRIER ||
        !an_is_sure(world->now.thread, ev->index) || !object->known ||
        object->attributes & TR_ATTR_PROCESS_SHARED)
        return;
    uint64_t *known = sn_map_at(&uses->told, sn_mix(ev->stack) ^ object->type);
    if (*known)
        ((struct sn_finding *)(uintptr_t)*known)->count++;
    else
        *known = (uintptr_t)tell_end(uses->ctx, ev);
    object->blamed = (struct sn_finding *)(uintptr_t)*known;
}

/* Memory is given out again: perhaps before it was used. */
static void look_at_alloc(struct uses *uses, const struct tr_event *ev)
{
    const struct an_context *ctx = uses->ctx;
    for (size_t i = uses->freed.count; i-- > 0;) {
        const struct use *use = &uses->freed.at[i];
        if (use->object->address - ev->object >= ev->a0)
            continue;
        if (an_order_before(&ctx->world->order, ctx->world->now.thread, use->slot, use->clock))
            count_use(uses, use);
        vec_remove(&uses->freed, i);
    }
}

static void event(void *self, const struct tr_event *ev)
{
    struct uses *uses = self;
    const struct an_object *object = uses->ctx->world->now.object;
    if (ev->kind == TR_ALLOC && uses->freed.count)
        look_at_alloc(uses, ev);
    if (!object || ev->kind == TR_ALLOC)
        return;
    if (object->misuse)
        look_at_use(uses, ev);
    if (ev->kind == TR_OBJECT_END)
        look_at_end(uses, ev);
}

static void finish(void *self)
{
    struct uses *uses = self;
    vec_each (struct use, use, &uses->freed)
        count_use(uses, use);
    an_blame_those_left(uses->ctx->world);
}

static void close_pass(void *self)
{
    struct uses *uses = self;
    sn_map_release(&uses->told);
    sn_map_release(&uses->judged);
    vec_release(&uses->freed);
    free(uses);
}

const struct an_analysis an_use_after_destroy = {
    .name = "use_after_destroy",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
