/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of barriers that can never fill. A program had to be stopped, some threads wait in a
 * barrier, and nobody else could still come: all living threads are a closed set, each of which can
 * only be let go by another one. Where a thread that would come is held up by what another finding
 * explains, that one explains the barrier's threads as well.
 *
 * Nor can a round fill whose barrier is being destroyed, was initialised again, or lost its memory
 * while threads wait in it.
 */
#include "analyzer/wait_story.h"
#include "analyzer/world/standstill.h"
#include "analyzer/world/waits.h"
#include "base/text.h"

enum { WAITERS = 8, ABSENT = 6 }; /* told with their stacks */

struct gone { /* while threads waited in it */
    const struct an_object *barrier;
    struct sn_finding *finding;
};

struct mismatches {
    struct an_context *ctx;
    VEC(struct gone) gone;
    struct an_standstill still; /* at the end */
    bool certain;               /* nothing could go on, as was seen from outside */
};

static bool wants(uint8_t kind)
{
    return kind == TR_OBJECT_END;
}

static void *open_pass(struct an_context *ctx)
{
    struct mismatches *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* The number of threads that wait in BARRIER, if they are the round that is not full and nothing
 * speaks against it: losses, other processes, another finding. Else 0. */
static uint64_t stuck_in(const struct an_object *barrier)
{
    uint64_t count = 0;
    if (!barrier->known || !barrier->initial ||
        barrier->attributes & (TR_ATTR_PROCESS_SHARED | TR_ATTR_STATIC))
        return 0;
    vec_each (struct an_barrier_user, user, &barrier->barrier.users) {
        if (!an_waits_in_barrier(user->thread, barrier))
            continue;
        if (user->thread->blamed || !an_waits_surely(user->thread))
            return 0;
        count++;
    }
    return count == an_barrier_came(barrier) ? count : 0;
}

/* Closed sets. ----------------------------------------------------------------------------------
 */

/* Who used to come to BARRIER, and waits for what somebody was to give: that holds it up. */
static bool is_held_up(const struct an_object *barrier, const struct an_thread *thread)
{
    return an_waits_for_anybody(thread) && thread->wait.kind != AN_WAIT_BARRIER &&
           an_barrier_user(&barrier->barrier, thread);
}

/* Is every living thread past help, those aside that a finding accounts for? CAUSE is that one, or
 * NULL. */
static bool is_closed(const struct mismatches *self, const struct an_object *barrier,
                      struct sn_finding **cause)
{
    *cause = NULL;
    vec_each (struct an_thread *, at, &self->ctx->world->threads.all) {
        struct an_thread *thread = *at;
        if (!an_thread_lives(thread))
            continue;
        if (thread->blamed)
            *cause = thread->blamed;
        else if (!an_is_past_help(&self->still, thread) || !an_waits_surely(thread) ||
                 is_held_up(barrier, thread))
            return false;
    }
    return self->certain || !self->still.may_be_helped;
}

/* Why a thread that used to come does not, as far as another finding says. */
static struct sn_finding *held_up_by(const struct an_object *barrier)
{
    vec_each (struct an_barrier_user, user, &barrier->barrier.users)
        if (an_thread_lives(user->thread) && user->thread->blamed)
            return user->thread->blamed;
    return NULL;
}

/* Telling. --------------------------------------------------------------------------------------
 */

static void blame(struct an_world *world, const struct an_object *barrier,
                  struct sn_finding *finding)
{
    vec_each (struct an_barrier_user, user, &barrier->barrier.users)
        if (an_waits_in_barrier(user->thread, barrier) && !user->thread->blamed)
            user->thread->blamed = finding;
    an_blame_waiters(world, finding);
}

static void add_waiters(const struct an_context *ctx, struct sn_finding *finding,
                        const struct an_object *barrier)
{
    size_t told = 0;
    vec_each (struct an_barrier_user, user, &barrier->barrier.users) {
        struct an_thread *thread = user->thread;
        if (!an_waits_in_barrier(thread, barrier) || told++ >= WAITERS)
            continue;
        struct sn_site *site = an_wait_site(ctx, finding, thread);
        double since = an_milliseconds(ctx, ctx->world->first_time, thread->wait.time);
        if (since >= 0)
            site->note =
                sn_sprintf(&ctx->report->arena, "since %.1f s after the start", since / 1e3);
    }
}

static const char *times(const struct an_context *ctx, uint64_t count)
{
    return count == 1 ? "once"
                      : sn_sprintf(&ctx->report->arena, "%llu times", (unsigned long long)count);
}

/* Who came in earlier rounds and does not now, and where each of them is. */
static void add_absent(const struct an_context *ctx, struct sn_finding *finding,
                       const struct an_object *barrier, struct sn_text *text)
{
    size_t absent = 0;
    vec_each (struct an_barrier_user, user, &barrier->barrier.users) {
        const struct an_thread *thread = user->thread;
        if (an_waits_in_barrier(thread, barrier) || thread == barrier->barrier.destroying ||
            absent++ >= ABSENT)
            continue;
        const char *came = times(ctx, user->times), *now = "goes on";
        if (thread->exited) {
            now = "has ended since";
            an_site(ctx, finding, SN_ROLE_ENDS, thread, thread->exit_stack, thread->exit_index,
                    NULL);
        } else if (thread->wait.kind != AN_WAIT_NONE) {
            now = sn_sprintf(&ctx->report->arena, "waits %s", an_wait_text(ctx, &thread->wait));
            an_site(ctx, finding, thread->wait.kind == AN_WAIT_JOIN ? SN_ROLE_JOINS : SN_ROLE_WAITS,
                    thread, thread->wait.stack, thread->wait.index, an_wait_object(&thread->wait));
            if (thread->wait.kind == AN_WAIT_JOIN)
                an_name_thread(ctx, finding, thread->wait.thread);
        } else {
            an_name_thread(ctx, finding, thread);
        }
        sn_text_printf(text, " %s came %s before and %s.", an_thread_begins(ctx, thread), came,
                       now);
    }
    if (absent > ABSENT)
        sn_text_printf(text, " So did %zu others.", absent - ABSENT);
}

static struct sn_finding *tell(const struct an_context *ctx, const struct an_object *barrier,
                               uint64_t came)
{
    struct sn_finding *finding = an_finding(ctx, SN_BARRIER_MISMATCH, SN_OBSERVED);
    finding->title = sn_sprintf(
        &ctx->report->arena, "a round of %s can never fill: %llu of %llu have come",
        an_lock_text(ctx, barrier), (unsigned long long)came, (unsigned long long)barrier->initial);
    add_waiters(ctx, finding, barrier);
    return finding;
}

static void finish_text(const struct an_context *ctx, struct sn_finding *finding,
                        struct sn_text *text, const char *advice)
{
    sn_text_printf(text, AN_ADVICE "%s", advice);
    finding->explanation = sn_strndup(&ctx->report->arena, text->at, text->length);
    sn_text_release(text);
}

static void begin_text(const struct an_context *ctx, const struct an_object *barrier, uint64_t came,
                       struct sn_text *text)
{
    unsigned long long rounds = barrier->barrier.rounds, count = barrier->initial;
    sn_text_printf(text, "%s lets %llu threads go on together. ", an_lock_text(ctx, barrier),
                   count);
    if (rounds)
        sn_text_printf(text, "%llu round%s filled; of the next one ", rounds,
                       rounds == 1 ? " was" : "s were");
    else
        sn_text_puts(text, "Of the first round ");
    sn_text_printf(text, "%llu of %llu %s come", (unsigned long long)came, count,
                   came == 1 ? "has" : "have");
}

/* Nobody else can come. */
static void tell_missing(const struct an_context *ctx, const struct an_object *barrier,
                         uint64_t came)
{
    struct sn_finding *finding = tell(ctx, barrier, came);
    struct sn_text text = {0};
    blame(ctx->world, barrier, finding);
    size_t users = barrier->barrier.users.count, behind = 0;
    vec_each (struct an_thread *, thread, &ctx->world->threads.all) {
        bool woken = an_waits_for_anybody(*thread) && (*thread)->wait.kind != AN_WAIT_BARRIER;
        if (woken && an_thread_lives(*thread) && !(*thread)->blamed)
            (*thread)->blamed = finding;
        behind += (*thread)->blamed == finding && !an_waits_in_barrier(*thread, barrier);
    }
    begin_text(ctx, barrier, came, &text);
    sn_text_puts(&text, ", and nobody else can: every other thread has ended, or waits for these.");
    add_absent(ctx, finding, barrier, &text);
    if (users > barrier->initial)
        sn_text_printf(&text, " In all %zu threads used it.", users);
    if (behind)
        sn_text_printf(&text, " %zu further thread%s only because of this.", behind,
                       behind == 1 ? " waits" : "s wait");
    finish_text(ctx, finding, &text,
                "Let as many threads call it, as often, as its count says: on every path, errors "
                "and early ends included; or make it anew for those that are left.");
}

/* What became of BARRIER while threads wait in it. */
static struct sn_finding *tell_gone(const struct an_context *ctx, const struct an_object *barrier,
                                    const struct an_thread *by, uint32_t stack, uint64_t index)
{
    uint64_t came = an_barrier_came(barrier);
    bool destroyed = barrier->barrier.destroying == by;
    struct sn_finding *finding = tell(ctx, barrier, came);
    struct sn_text text = {0};
    an_site(ctx, finding, SN_ROLE_DESTROYS, by, stack, index, barrier);
    begin_text(ctx, barrier, came, &text);
    sn_text_printf(&text, " when %s %s: ", an_thread_text(ctx, by),
                   destroyed                             ? "destroyed it"
                   : barrier->end_cause == TR_END_REINIT ? "initialised it again"
                                                         : "gave its memory back");
    sn_text_puts(&text,
                 destroyed ? "POSIX leaves undefined what that does. The GNU C library waits until "
                             "all have left, for ever."
                           : "whoever comes then does not count for those that wait.");
    add_absent(ctx, finding, barrier, &text);
    finish_text(ctx, finding, &text,
                "Destroy it, or make it anew, only once all have left it: after joining the "
                "threads that use it.");
    return finding;
}

static void event(void *data, const struct tr_event *ev)
{
    struct mismatches *self = data;
    const struct an_now *now = &self->ctx->world->now;
    const struct an_object *barrier = now->object;
    if (!barrier || barrier->type != TR_TYPE_BARRIER || barrier->end_cause == TR_END_DESTROY ||
        !stuck_in(barrier))
        return;
    *vec_push(&self->gone) =
        (struct gone){barrier, tell_gone(self->ctx, barrier, now->thread, ev->stack, ev->index)};
}

static void judge(struct mismatches *self, const struct an_object *barrier, bool stopped)
{
    struct an_context *ctx = self->ctx;
    uint64_t came = stuck_in(barrier);
    struct an_thread *destroying = barrier->barrier.destroying;
    struct sn_finding *cause;
    if (!came || barrier->end_index)
        return;
    if (destroying && destroying->wait.object == barrier) {
        destroying->blamed =
            tell_gone(ctx, barrier, destroying, destroying->wait.stack, destroying->wait.index);
        blame(ctx->world, barrier, destroying->blamed);
        return;
    }
    bool closed = is_closed(self, barrier, &cause);
    if (!cause || !closed)
        cause = held_up_by(barrier);
    if (cause)
        blame(ctx->world, barrier, cause);
    else if (closed && stopped)
        tell_missing(ctx, barrier, came);
}

static void finish(void *data)
{
    struct mismatches *self = data;
    struct an_context *ctx = self->ctx;
    bool stopped = an_was_stopped(ctx);
    self->certain = an_stood_still(ctx);
    an_standstill_find(ctx->world, &self->still);
    vec_each (struct gone, gone, &self->gone)
        blame(ctx->world, gone->barrier, gone->finding);
    vec_each (struct an_object *, object, &ctx->world->objects.all)
        if ((*object)->type == TR_TYPE_BARRIER)
            judge(self, *object, stopped);
    an_standstill_release(&self->still);
}

static void close_pass(void *data)
{
    struct mismatches *self = data;
    vec_release(&self->gone);
    free(self);
}

const struct an_analysis an_barrier_mismatch = {
    .name = "barrier_mismatch",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
