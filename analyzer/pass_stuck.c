/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads because of which a program had to be stopped. From each thread that waits a chain leads
 * on: to whoever holds the lock, is joined or runs the once; else to whoever did before what would
 * end the wait, if that one waits itself. The last of a chain is a cause, all before it wait behind
 * it, and causes that are waits for the same thing are one.
 *
 * All threads are looked at if all that live wait; else only the main thread's chain counts. What
 * another analysis has accounted for stays out, and so do waits with a time limit: they end by
 * themselves. Waiting for the world outside counts where something in particular was to come, input
 * or a child's end; whoever asks for anything that may come (poll, accept) is a server without
 * work. Where the program is known to have stood still, whatever a thread does is a wait, and a
 * child that is waited for does, too: its own trace says why.
 */
#include "analyzer/stuck_story.h"

struct causes {
    struct an_context *ctx;
    bool certain;               /* nothing could go on */
    VEC(struct an_thread *) of; /* by the thread's index: the last of its chain, or NULL */
};

static void *open_pass(struct an_context *ctx)
{
    return ctx;
}

/* Where a server is idle, and rightly: in poll, in accept. */
static bool is_at_ease(const struct an_wait *wait)
{
    return wait->timed || wait->what == TR_BLOCK_SLEEP || wait->what == TR_BLOCK_POLL ||
           wait->what == TR_BLOCK_CONNECT || wait->what == TR_BLOCK_ACCEPT ||
           wait->what == TR_BLOCK_OTHER;
}

static bool waits(const struct an_thread *thread)
{
    if (thread->wait.kind == AN_WAIT_OUTSIDE)
        return !is_at_ease(&thread->wait) && an_thread_lives(thread);
    return an_waits_for_ever(thread);
}

static bool all_wait(const struct an_world *world)
{
    vec_each (struct an_thread *, thread, &world->threads.all)
        if (an_thread_lives(*thread) && !waits(*thread))
            return false;
    return true;
}

/* Does it wait for those that are there in any case to come as well? */
static bool waits_for_team(const struct an_thread *thread)
{
    return thread->wait.kind == AN_WAIT_OUTSIDE && thread->wait.what == TR_BLOCK_TEAM;
}

/* The one for which THREAD waits, if that waits, too, or is accounted for. */
static struct an_thread *next_of(const struct an_world *world, const struct an_thread *thread)
{
    struct an_thread_list blockers = {0};
    struct an_thread *next = NULL;
    an_blockers(thread, &blockers);
    for (size_t i = 0; i < blockers.of.count; i++)
        if (waits(blockers.of.at[i]) || blockers.of.at[i]->blamed)
            next = blockers.of.at[i];
    vec_release(&blockers.of);
    const struct an_doers *doers = next ? NULL : an_wakers(world, &thread->wait);
    for (unsigned i = 0; doers && !next && i < AN_DOERS && doers->of[i].thread; i++) {
        struct an_thread *doer = doers->of[i].thread;
        bool same = doer->wait.object && doer->wait.object == thread->wait.object;
        if (doer != thread && waits(doer) && !same)
            next = doer;
    }
    return next;
}

static bool is_before(const struct an_thread *one, const struct an_thread *other)
{
    return one->index < other->index;
}

/* Could whatever it waits for be given by anybody? */
static bool is_open(const struct an_thread *thread)
{
    return thread->wait.kind != AN_WAIT_LOCK && thread->wait.kind != AN_WAIT_JOIN &&
           thread->wait.kind != AN_WAIT_ONCE;
}

/* Follows the waits from THREAD to the last that waits, or to one that is accounted for. For a
 * circle stands one that waits for what was to be given rather than for a thread; of several the
 * first. */
static struct an_thread *end_of_chain(const struct an_world *world, struct an_thread *thread)
{
    size_t most = world->threads.all.count, steps = 0;
    struct an_thread *next;
    while (!thread->blamed && steps++ < most && (next = next_of(world, thread)))
        thread = next;
    if (steps <= most)
        return thread;
    struct an_thread *first = thread;
    for (next = next_of(world, thread); next != thread; next = next_of(world, next))
        if (is_open(next) == is_open(first) ? is_before(next, first) : is_open(next))
            first = next;
    return first;
}

static bool is_same_wait(const struct an_thread *one, const struct an_thread *other)
{
    const struct an_wait *a = &one->wait, *b = &other->wait;
    if (a->kind != b->kind || a->kind == AN_WAIT_LOCK || a->kind == AN_WAIT_JOIN)
        return false;
    if (a->kind != AN_WAIT_OUTSIDE)
        return a->object == b->object;
    if (a->channel && a->channel == b->channel) /* two ends of one socket pair, say */
        return true;
    return a->what == b->what && a->on == b->on && a->what != TR_BLOCK_CHILD &&
           a->what != TR_BLOCK_SIGNAL;
}

/* A thread with the same wait that comes before CAUSE, or CAUSE itself. */
static struct an_thread *first_of_same(const struct causes *causes, struct an_thread *cause)
{
    vec_each (struct an_thread *, at, &causes->of)
        if (*at && is_same_wait(*at, cause) && is_before(*at, cause))
            cause = *at;
    return cause;
}

static bool counts(const struct causes *causes, const struct an_thread *thread, bool all)
{
    bool child = thread->wait.kind == AN_WAIT_OUTSIDE && thread->wait.what == TR_BLOCK_CHILD;
    return waits(thread) && (all || thread->number == 0) && !(causes->certain && child);
}

static void find_causes(struct causes *causes)
{
    struct an_world *world = causes->ctx->world;
    bool all = causes->certain || all_wait(world);
    vec_each (struct an_thread *, at, &world->threads.all)
        *vec_push(&causes->of) = counts(causes, *at, all) ? end_of_chain(world, *at) : NULL;
    vec_each (struct an_thread *, at, &causes->of)
        if (*at)
            *at = first_of_same(causes, *at);
}

/* Whoever waits behind what another analysis has told. */
static void leave_accounted(struct causes *causes)
{
    for (size_t i = 0; i < causes->of.count; i++) {
        struct an_thread *thread = causes->ctx->world->threads.all.at[i];
        struct an_thread *cause = causes->of.at[i];
        if (!cause || !cause->blamed)
            continue;
        if (!thread->blamed)
            thread->blamed = cause->blamed;
        causes->of.at[i] = NULL;
    }
}

static void tell(struct causes *causes, struct an_thread *cause)
{
    struct an_stuck stuck = {.thread = cause};
    for (size_t i = 0; i < causes->of.count; i++) {
        struct an_thread *thread = causes->ctx->world->threads.all.at[i];
        if (causes->of.at[i] != cause || thread == cause)
            continue;
        *vec_push(is_same_wait(thread, cause) ? &stuck.same.of : &stuck.behind.of) = thread;
        causes->of.at[i] = NULL;
    }
    an_stuck_tell(causes->ctx, &stuck, causes->certain);
    vec_release(&stuck.same.of);
    vec_release(&stuck.behind.of);
}

/* Of a team, the rest waits for whoever is stuck elsewhere. */
static void tell_all(struct causes *causes)
{
    bool told = false;
    for (int team = 0; team <= 1; team++)
        vec_each (struct an_thread *, at, &causes->of) {
            struct an_thread *cause = *at;
            if (!cause || cause->blamed || (team ? told : waits_for_team(cause)))
                continue;
            tell(causes, cause);
            told = true;
        }
}

/* Nothing that was recorded says why: the C library's own locks, a call that no hook sees. */
static void tell_unknown(const struct causes *causes)
{
    const struct an_world *world = causes->ctx->world;
    vec_each (struct an_thread *, thread, &world->threads.all)
        if ((*thread)->blamed || (an_thread_lives(*thread) && (*thread)->wait.kind != AN_WAIT_NONE))
            return;
    vec_each (struct an_thread *, thread, &world->threads.all)
        if (an_thread_lives(*thread)) {
            an_stuck_tell_unknown(causes->ctx, *thread);
            return;
        }
}

static void finish(void *self)
{
    struct an_context *ctx = self;
    struct causes causes = {.ctx = ctx, .certain = an_stood_still(ctx)};
    if (!an_was_stopped(ctx))
        return;
    find_causes(&causes);
    leave_accounted(&causes);
    tell_all(&causes);
    if (causes.certain)
        tell_unknown(&causes);
    vec_release(&causes.of);
}

const struct an_analysis an_stuck = {
    .name = "stuck",
    .open = open_pass,
    .finish = finish,
};
