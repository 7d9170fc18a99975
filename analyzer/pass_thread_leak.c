/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that have ended by the time the process ends, and that nobody joined, detached or made
 * detached. Told once for each place where such threads are made.
 */
#include "analyzer/compose.h"
#include "base/map.h"

static void *open_pass(struct an_context *ctx)
{
    return ctx;
}

static bool is_being_joined(const struct an_world *world, const struct an_thread *thread)
{
    vec_each (struct an_thread *, other, &world->threads.all)
        if ((*other)->wait.kind == AN_WAIT_JOIN && (*other)->wait.thread == thread)
            return true;
    return false;
}

static bool leaked(const struct an_world *world, const struct an_thread *thread)
{
    return thread->created && thread->made_whole && thread->exited && !thread->joined &&
           !thread->detached && !is_being_joined(world, thread);
}

/* Else a join may have been lost. */
static bool ended_surely(const struct an_world *world)
{
    return world->end.exit && an_is_sure(world->end.exited_by, world->end.exit_index);
}

static struct sn_finding *tell(const struct an_context *ctx, const struct an_thread *thread)
{
    struct sn_finding *finding = an_finding(ctx, SN_THREAD_LEAK, SN_OBSERVED);
    an_site(ctx, finding, SN_ROLE_CREATES, thread->parent, thread->create_stack,
            thread->create_index, NULL);
    an_site(ctx, finding, SN_ROLE_ENDS, thread, thread->exit_stack, thread->exit_index, NULL);
    return finding;
}

static void explain(const struct an_context *ctx, struct sn_finding *finding)
{
    struct sn_arena *arena = &ctx->report->arena;
    bool one = finding->count == 1;
    const char *number =
        one ? "A thread" : sn_sprintf(arena, "%llu threads", (unsigned long long)finding->count);
    finding->title = one ? "a thread ended and was never joined nor detached"
                         : sn_sprintf(arena, "%s ended and were never joined nor detached", number);
    finding->explanation = sn_sprintf(
        arena,
        "%s made here ended, and by the end of the process nobody had called pthread_join or "
        "pthread_detach for %s. Until then the system keeps the stack and the result of each: a "
        "program that runs for long runs out of threads. It also means that nobody knew when the "
        "work was done." AN_ADVICE "Join %s, or detach %s when made.",
        number, one ? "it" : "them", one ? "it" : "them", one ? "it" : "them");
}

static void finish(void *self)
{
    struct an_context *ctx = self;
    struct sn_map by_place = {0};
    size_t first = ctx->report->findings.count;
    vec_each (struct an_thread *, thread, &ctx->world->threads.all) {
        if (!ended_surely(ctx->world) || !leaked(ctx->world, *thread))
            continue;
        uint64_t *known = sn_map_at(&by_place, (*thread)->create_stack);
        if (*known)
            ((struct sn_finding *)(uintptr_t)*known)->count++;
        else
            *known = (uintptr_t)tell(ctx, *thread);
    }
    for (size_t i = first; i < ctx->report->findings.count; i++)
        explain(ctx, ctx->report->findings.at[i]);
    sn_map_release(&by_place);
}

const struct an_analysis an_thread_leak = {
    .name = "thread_leak",
    .open = open_pass,
    .finish = finish,
};
