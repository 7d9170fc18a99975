/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads because of which a program had to be stopped. If all living threads wait, each of them
 * that waits for something else than another thread; else the one at the end of the chain that
 * begins with the main thread, if that waits. What another analysis has accounted for stays out,
 * and so do waits with a time limit: they end by themselves. Waiting for the world outside counts
 * where something in particular was to come, input or a child's end; whoever asks for anything that
 * may come (poll, accept) is a server without work.
 */
#include "analyzer/forks.h"
#include "analyzer/wait_story.h"
#include "analyzer/world/waits.h"

static void *open_pass(struct an_context *ctx)
{
    return ctx;
}

/* Where a server is idle, and rightly: in poll, in accept. */
static bool is_at_ease(const struct an_wait *wait)
{
    return wait->timed || wait->what == TR_BLOCK_SLEEP || wait->what == TR_BLOCK_POLL ||
           wait->what == TR_BLOCK_CONNECT || wait->what == TR_BLOCK_OTHER;
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

/* Follows the waits from THREAD to the last that waits, or to one that is accounted for. */
static struct an_thread *end_of_chain(const struct an_world *world, struct an_thread *thread)
{
    struct an_thread_list blockers = {0};
    for (size_t steps = 0; steps < world->threads.all.count && !thread->blamed; steps++) {
        an_blockers(thread, &blockers);
        struct an_thread *next = NULL;
        for (size_t i = 0; i < blockers.of.count; i++)
            if (waits(blockers.of.at[i]) || blockers.of.at[i]->blamed)
                next = blockers.of.at[i];
        if (!next)
            break;
        thread = next;
    }
    vec_release(&blockers.of);
    return thread;
}

static const char *lock_reason(const struct an_context *ctx, const struct an_lock *lock)
{
    if (!lock->owner && !lock->readers.count && ctx->world->lost_until && !lock->acquisitions)
        return "Who holds it was recorded too long ago.";
    struct sn_arena *arena = &ctx->report->arena;
    if (lock->owner)
        return sn_sprintf(arena, "%s holds it.", an_thread_begins(ctx, lock->owner));
    if (lock->readers.count)
        return sn_sprintf(arena, "%zu hold it for reading, %s among them.", lock->readers.count,
                          an_thread_text(ctx, lock->readers.at[0]));
    return "Nobody holds it any longer: it may have been on its way.";
}

/* Who was to wake it. */
static const char *reason(const struct an_context *ctx, const struct an_thread *thread)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_wait *wait = &thread->wait;
    if (wait->object && !wait->object->known && !an_type_is_lock(wait->object->type))
        return "What was done with it before this recording's beginning is not known.";
    switch (wait->kind) {
    case AN_WAIT_LOCK:
        return lock_reason(ctx, &wait->object->lock);
    case AN_WAIT_JOIN:
        return sn_sprintf(arena, "%s has not ended.", an_thread_begins(ctx, wait->thread));
    case AN_WAIT_COND:
        return wait->object->condition.signals
                   ? sn_sprintf(arena, "It was signalled %llu times, but not since.",
                                (unsigned long long)wait->object->condition.signals)
                   : "Nobody ever signalled it.";
    case AN_WAIT_SEM:
        return sn_sprintf(arena,
                          "It was posted %llu times and waited for %llu times, from a value "
                          "of %llu.",
                          (unsigned long long)wait->object->semaphore.posts,
                          (unsigned long long)wait->object->semaphore.waits,
                          (unsigned long long)wait->object->initial);
    case AN_WAIT_BARRIER:
        return sn_sprintf(
            arena, "%llu of the %llu threads of this round have come.",
            (unsigned long long)(wait->object->initial
                                     ? wait->object->barrier.entered % wait->object->initial
                                     : wait->object->barrier.entered),
            (unsigned long long)wait->object->initial);
    case AN_WAIT_ONCE:
        return wait->object->once.by
                   ? sn_sprintf(arena, "%s runs it.", an_thread_begins(ctx, wait->object->once.by))
                   : "Nobody runs it any longer: it may have been on its way.";
    case AN_WAIT_OUTSIDE:
        return "It did not come before the program was stopped.";
    default:
        return "";
    }
}

static void add_others(const struct an_context *ctx, struct sn_finding *finding,
                       const struct an_thread *thread)
{
    const struct an_wait *wait = &thread->wait;
    if (wait->kind == AN_WAIT_LOCK && wait->object->lock.owner) {
        const struct an_thread *owner = wait->object->lock.owner;
        const struct an_held *held = an_thread_holds(owner, wait->object);
        if (held)
            an_site(ctx, finding, SN_ROLE_HOLDS, owner, held->stack, held->index, wait->object);
    }
    if (wait->kind == AN_WAIT_COND && wait->object->condition.signals)
        an_site(ctx, finding, SN_ROLE_SIGNALS,
                an_thread(ctx->world, wait->object->condition.last_signal_thread),
                wait->object->condition.last_signal_stack, wait->object->condition.last_signal,
                wait->object);
}

static void tell(struct an_context *ctx, struct an_thread *thread)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_STUCK_THREAD, SN_OBSERVED);
    if (!an_waits_surely(thread))
        an_doubt(ctx, finding, "which may have ended this wait");
    const struct an_wait *wait = &thread->wait;
    const char *who = an_thread_text(ctx, thread), *what = an_wait_text(ctx, thread);
    struct sn_site *site =
        an_site(ctx, finding, wait->kind == AN_WAIT_JOIN ? SN_ROLE_JOINS : SN_ROLE_WAITS, thread,
                wait->stack, wait->index, an_wait_object(thread));
    double since = an_milliseconds(ctx, ctx->world->first_time, wait->time);
    if (since >= 0)
        site->note = sn_sprintf(arena, "since %.1f s after the start", since / 1e3);
    an_site_locks(ctx, finding, site, an_thread_lockset(ctx->world, thread));
    add_others(ctx, finding, thread);
    if (wait->kind == AN_WAIT_JOIN)
        an_name_thread(ctx, finding, wait->thread);
    thread->blamed = finding;
    if (wait->kind == AN_WAIT_OUTSIDE && wait->what == TR_BLOCK_CHILD && ctx->options->forks)
        *vec_push(&ctx->options->forks->child_waits) =
            (struct an_child_wait){ctx->process, finding};
    size_t behind = an_blame_waiters(ctx->world, finding);
    finding->title = sn_sprintf(arena, "%s is stuck waiting %s", who, what);
    finding->explanation =
        sn_sprintf(arena,
                   "The program did not end by itself: it was stopped while %s waited, in vain, "
                   "%s. %s%s" AN_ADVICE "See who was to wake it, and why that did not happen.",
                   who, what, reason(ctx, thread),
                   behind ? sn_sprintf(arena, " %zu further thread%s only because of this one.",
                                       behind, behind == 1 ? " waits" : "s wait")
                          : "");
}

static void finish(void *self)
{
    struct an_context *ctx = self;
    struct an_world *world = ctx->world;
    if (world->end.exit || !(ctx->options->timed_out || world->end.timeout))
        return;
    bool all = all_wait(world);
    vec_each (struct an_thread *, at, &world->threads.all) {
        struct an_thread *thread = *at;
        if (!waits(thread) || !(all || thread->number == 0))
            continue;
        thread = end_of_chain(world, thread);
        if (!thread->blamed)
            tell(ctx, thread);
    }
}

const struct an_analysis an_stuck = {
    .name = "stuck",
    .open = open_pass,
    .finish = finish,
};
