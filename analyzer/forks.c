/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/forks.h"

#include "analyzer/compose.h"
#include "base/map.h"

struct event_at {
    const struct an_thread *thread; /* NULL: not found */
    uint32_t stack;
    uint64_t index;
};

struct story { /* of one orphan, in its parent */
    struct an_orphan *orphan;
    const struct an_object *lock;
    struct event_at held, fork;
};

struct stories {
    struct an_context *ctx;
    VEC(struct story) of;
    struct sn_map told; /* by stacks: the finding */
};

uint32_t an_forks_parent(const struct an_forks *forks)
{
    vec_each (struct an_orphan, orphan, &forks->orphans)
        if (!orphan->told)
            return orphan->parent_pid;
    return 0;
}

static bool is_stuck(const struct sn_report *report, uint32_t process)
{
    vec_each (struct sn_finding *, at, &report->findings) {
        const struct sn_finding *finding = *at;
        bool waits = finding->kind == SN_DEADLOCK || finding->kind == SN_SELF_DEADLOCK ||
                     finding->kind == SN_ABANDONED_LOCK || finding->kind == SN_LOST_WAKEUP ||
                     finding->kind == SN_BARRIER_MISMATCH || finding->kind == SN_STUCK_THREAD;
        if (waits && finding->process == process && finding->level == SN_OBSERVED)
            return true;
    }
    return false;
}

/* Is a child stuck, by a lock of its parent or for another reason of its own? */
static bool has_stuck_child(const struct an_forks *forks, const struct sn_report *report,
                            uint32_t process)
{
    vec_each (struct sn_process, child, &report->processes) {
        if (child->parent != process || !process)
            continue;
        if (is_stuck(report, child->id))
            return true;
        vec_each (struct an_orphan, orphan, &forks->orphans)
            if (orphan->child == child->id && orphan->finding)
                return true;
    }
    return false;
}

void an_forks_release(struct an_forks *forks, struct sn_report *report)
{
    vec_each (struct an_child_wait, wait, &forks->child_waits)
        if (has_stuck_child(forks, report, wait->process))
            sn_report_withdraw(report, wait->finding);
    vec_release(&forks->child_waits);
    vec_each (struct an_orphan, orphan, &forks->orphans)
        if (orphan->replaced && orphan->finding)
            sn_report_withdraw(report, orphan->finding);
    vec_release(&forks->orphans);
}

/* Reading. --------------------------------------------------------------------------------------
 */

static void take_in(struct stories *stories, const struct tr_event *ev)
{
    const struct an_now *now = &stories->ctx->world->now;
    struct event_at here = {now->thread, ev->stack, ev->index};
    vec_each (struct story, story, &stories->of) {
        const struct an_orphan *orphan = story->orphan;
        if (ev->kind == TR_FORK && ev->a0 == orphan->child_pid) {
            story->fork = here;
        } else if (ev->kind == TR_ACQUIRE && now->outermost && ev->object == orphan->address &&
                   ev->version <= orphan->version && ev->thread == orphan->holder) {
            story->held = here;
            story->lock = now->object;
        }
    }
}

/* Telling. --------------------------------------------------------------------------------------
 */

static void child_site(const struct an_context *ctx, struct sn_finding *finding,
                       const struct an_orphan *orphan, const struct an_object *lock)
{
    struct sn_thread *thread = SN_NEW(&ctx->report->arena, struct sn_thread);
    thread->id = orphan->thread;
    thread->process = orphan->child;
    *vec_push(&finding->threads) = thread;
    struct sn_site *site = sn_finding_site(finding, SN_ROLE_WAITS, orphan->thread);
    site->process = orphan->child;
    site->lock = ctx->lock_base + lock->id;
    site->stack = orphan->stack;
    site->event = orphan->event;
    site->note = sn_sprintf(&ctx->report->arena, "in the child, process %u", orphan->child_pid);
}

static void explain(const struct an_context *ctx, struct sn_finding *finding,
                    const struct story *story)
{
    struct sn_arena *arena = &ctx->report->arena;
    const char *lock = an_lock_text(ctx, story->lock);
    bool taken = story->orphan->finding;
    finding->title =
        sn_sprintf(arena, "%s was held by another thread when the process forked", lock);
    finding->explanation = sn_sprintf(
        arena,
        "%s held %s while %s forked. A child of fork has the forking thread alone: there the lock "
        "is taken, its holder does not exist, and what it guards may be half changed. %s" AN_ADVICE
        "Fork before threads are made, call nothing but async-signal-safe functions in the child "
        "until exec (POSIX asks for that), use posix_spawn, or take the lock around fork by "
        "pthread_atfork.",
        an_thread_begins(ctx, story->held.thread), lock,
        story->fork.thread ? an_thread_text(ctx, story->fork.thread) : "another thread",
        taken ? "The child wants it, and waits for ever."
              : "The child did not come for it this time.");
    if (!taken)
        finding->reason = "the child ended or executed another program before it came for the lock";
}

static void tell(struct stories *stories, struct story *story)
{
    const struct an_context *ctx = stories->ctx;
    const struct an_orphan *orphan = story->orphan;
    bool taken = orphan->finding;
    uint64_t *known = sn_map_at(
        &stories->told, sn_mix((uint64_t)story->held.stack << 32 | story->fork.stack) ^ taken);
    if (*known) {
        ((struct sn_finding *)(uintptr_t)*known)->count++;
        return;
    }
    struct sn_finding *finding =
        an_finding(ctx, SN_LOCK_HELD_ACROSS_FORK, taken ? SN_OBSERVED : SN_POSSIBLE);
    *known = (uintptr_t)finding;
    an_site(ctx, finding, SN_ROLE_HOLDS, story->held.thread, story->held.stack, story->held.index,
            story->lock);
    if (story->fork.thread)
        an_site(ctx, finding, SN_ROLE_CREATES, story->fork.thread, story->fork.stack,
                story->fork.index, NULL)
            ->note = sn_sprintf(&ctx->report->arena, "process %u, by fork", orphan->child_pid);
    if (taken)
        child_site(ctx, finding, orphan, story->lock);
    explain(ctx, finding, story);
}

static int read_all(struct stories *stories, struct sn_error *err)
{
    struct tr_event ev;
    int more;
    while ((more = tr_reader_next(stories->ctx->reader, &ev, err)) > 0) {
        an_world_event(stories->ctx->world, &ev);
        if (ev.kind == TR_ACQUIRE || ev.kind == TR_FORK)
            take_in(stories, &ev);
    }
    return more;
}

static int tell_all(struct stories *stories, struct sn_error *err)
{
    int ret = read_all(stories, err);
    vec_each (struct story, story, &stories->of) {
        if (ret < 0 || !story->held.thread)
            continue;
        tell(stories, story);
        story->orphan->replaced = true;
    }
    sn_map_release(&stories->told);
    vec_release(&stories->of);
    return ret;
}

int an_forks_tell(struct an_forks *forks, uint32_t parent, struct tr_reader *reader,
                  struct sn_report *report, const struct an_options *options, struct sn_error *err)
{
    struct an_world world;
    struct an_context ctx = an_context(reader, report, options, &world);
    struct stories stories = {.ctx = &ctx};
    vec_each (struct an_orphan, orphan, &forks->orphans)
        if (!orphan->told && orphan->parent_pid == parent) {
            orphan->told = true;
            *vec_push(&stories.of) = (struct story){.orphan = orphan};
        }
    if (!reader) {
        vec_release(&stories.of);
        return 0;
    }
    an_world_init(&world, reader);
    world.light = true;
    int ret = tell_all(&stories, err);
    an_world_release(&world);
    return ret;
}
