/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/wait_story.h"

/* What a call waits for that nobody in the program is known to give. */
static const char *outside_text(const struct an_context *ctx, const struct an_wait *wait)
{
    struct sn_arena *arena = &ctx->report->arena;
    unsigned descriptor = (unsigned)wait->on;
    switch (wait->what) {
    case TR_BLOCK_SLEEP:
        return "for time to pass";
    case TR_BLOCK_CONNECT:
        return sn_sprintf(arena, "for a connection on descriptor %u", descriptor);
    case TR_BLOCK_INPUT:
        return sn_sprintf(arena, "for input on descriptor %u", descriptor);
    case TR_BLOCK_OUTPUT:
        return sn_sprintf(arena, "for room for output on descriptor %u", descriptor);
    case TR_BLOCK_FILE_LOCK:
        return sn_sprintf(arena, "for the file lock on descriptor %u", descriptor);
    case TR_BLOCK_FUTEX:
        return sn_sprintf(arena, "at the futex 0x%llx", (unsigned long long)wait->on);
    case TR_BLOCK_CHILD:
        return "for a child process to end";
    case TR_BLOCK_SIGNAL:
        return "for a signal";
    case TR_BLOCK_TEAM:
        return "for its OpenMP team";
    default:
        return "for something outside the program";
    }
}

const char *an_wait_text(const struct an_context *ctx, const struct an_wait *wait)
{
    struct sn_arena *arena = &ctx->report->arena;
    if (wait->kind == AN_WAIT_JOIN)
        return sn_sprintf(arena, "for %s to end", an_thread_text(ctx, wait->thread));
    if (wait->kind == AN_WAIT_OUTSIDE)
        return outside_text(ctx, wait);
    bool post = wait->kind == AN_WAIT_SEM && !an_semaphore_holder(wait->object);
    return sn_sprintf(arena, "%s%s%s",
                      post                            ? "for a post of "
                      : wait->kind == AN_WAIT_COND    ? "for a signal of "
                      : wait->kind == AN_WAIT_BARRIER ? "for the others at "
                      : wait->kind == AN_WAIT_ONCE    ? "for the end of "
                                                      : "for ",
                      an_lock_text(ctx, wait->object), wait->shared ? " to read" : "");
}

struct sn_site *an_wait_site(const struct an_context *ctx, struct sn_finding *finding,
                             const struct an_thread *thread)
{
    const struct an_wait *wait = &thread->wait;
    struct sn_site *site =
        an_site(ctx, finding, wait->kind == AN_WAIT_JOIN ? SN_ROLE_JOINS : SN_ROLE_WAITS, thread,
                wait->stack, wait->index, an_wait_object(wait));
    an_site_locks(ctx, finding, site, an_thread_lockset(ctx->world, (struct an_thread *)thread));
    return site;
}
