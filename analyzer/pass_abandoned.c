/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that nobody will ever release: held by a thread that has ended, or when the process ends.
 * It is the end of the trace that counts: a robust mutex that another thread has taken over in the
 * meantime is not abandoned. Without an EXIT event (a kill, a crash, a cut trace) the process did
 * not end of itself, and what living threads hold then is not abandoned either.
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"

struct waiter { /* who gave up waiting, for a lock whose holder had ended */
    struct an_thread *thread;
    const struct an_object *object;
    uint32_t stack;
    uint64_t index;
};

struct abandoned {
    struct an_context *ctx;
    VEC(struct waiter) gave_up;
    struct sn_map seen; /* locks in `gave_up` */
};

static bool wants(uint8_t kind)
{
    return kind == TR_TRY_FAIL;
}

static void *open_pass(struct an_context *ctx)
{
    struct abandoned *abandoned = sn_calloc(1, sizeof *abandoned);
    abandoned->ctx = ctx;
    return abandoned;
}

static void event(void *self, const struct tr_event *ev)
{
    struct abandoned *abandoned = self;
    const struct an_now *now = &abandoned->ctx->world->now;
    if (!(ev->mode & TR_LOCK_TIMED) || !now->object || !an_type_is_lock(now->object->type))
        return;
    const struct an_thread *owner = now->object->lock.owner;
    if (!owner || an_thread_lives(owner) || (*sn_map_at(&abandoned->seen, now->object->id))++)
        return;
    *vec_push(&abandoned->gave_up) =
        (struct waiter){now->thread, now->object, ev->stack, ev->index};
}

/* Sites of those that wait for OBJECT, or did. Returns how many. */
static size_t add_waiters(struct abandoned *abandoned, struct sn_finding *finding,
                          const struct an_object *object)
{
    const struct an_context *ctx = abandoned->ctx;
    size_t count = 0;
    for (size_t i = 0; i < object->lock.waiters.count; i++) {
        const struct an_thread *thread = object->lock.waiters.at[i];
        an_site(ctx, finding, SN_ROLE_WAITS, thread, thread->wait.stack, thread->wait.index,
                object);
        count++;
    }
    vec_each (struct waiter, waiter, &abandoned->gave_up) {
        if (waiter->object != object)
            continue;
        an_site(ctx, finding, SN_ROLE_WAITS, waiter->thread, waiter->stack, waiter->index, object)
            ->note = "gave up when its time was over";
        count++;
    }
    return count;
}

static const char *advice(bool process, size_t waiters)
{
    if (process && !waiters)
        return "Release it before the program ends: destructors and exit handlers that take it "
               "would hang.";
    return "Release it on every way out: with a cleanup handler (pthread_cleanup_push) or a guard "
           "object; or make it a robust mutex and handle EOWNERDEAD.";
}

/* THREAD holds HELD as it ends, or as PROCESS ends by it. */
static void tell(struct abandoned *abandoned, struct an_thread *thread, const struct an_held *held,
                 bool process)
{
    const struct an_context *ctx = abandoned->ctx;
    const struct an_end *end = &ctx->world->end;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_ABANDONED_LOCK, SN_OBSERVED);
    const char *who = an_thread_text(ctx, thread), *lock = an_lock_text(ctx, held->object);
    an_site(ctx, finding, SN_ROLE_HOLDS, thread, held->stack, held->index, held->object);
    an_site(ctx, finding, SN_ROLE_ENDS, thread, process ? end->exit_stack : thread->exit_stack,
            process ? 0 : thread->exit_index, held->object);
    size_t waiters = add_waiters(abandoned, finding, held->object);
    finding->severity = waiters ? SN_SEVERITY_ERROR : SN_SEVERITY_WARNING;
    finding->title = sn_sprintf(arena, "%s is never released: %s ended holding it", lock,
                                process ? "the process" : who);
    const char *consequence =
        waiters == 0   ? "Whoever wants it from then on waits for ever."
        : waiters == 1 ? "Another thread waits for it, in vain."
                       : sn_sprintf(arena, "%zu other threads wait for it, in vain.", waiters);
    finding->explanation =
        sn_sprintf(arena, "%s took %s%s and %s without giving it back. %s" AN_ADVICE "%s",
                   an_thread_begins(ctx, thread), lock, held->shared ? " for reading" : "",
                   process ? "ended the process" : an_ending_text(thread), consequence,
                   advice(process, waiters));
    if (!thread->blamed)
        thread->blamed = finding;
    an_blame_waiters(ctx->world, thread->blamed);
}

/* A thread that the end of the process took by surprise. */
static void tell_note(const struct an_context *ctx, const struct an_thread *thread,
                      const struct an_held *held)
{
    const struct an_end *end = &ctx->world->end;
    struct sn_finding *finding = an_finding(ctx, SN_ABANDONED_LOCK, SN_OBSERVED);
    const char *who = an_thread_text(ctx, thread), *lock = an_lock_text(ctx, held->object);
    finding->severity = SN_SEVERITY_NOTE;
    an_site(ctx, finding, SN_ROLE_HOLDS, thread, held->stack, held->index, held->object);
    an_site(ctx, finding, SN_ROLE_ENDS, end->exited_by, end->exit_stack, 0, NULL);
    finding->title =
        sn_sprintf(&ctx->report->arena, "%s is held by %s as the process ends", lock, who);
    finding->explanation =
        sn_sprintf(&ctx->report->arena,
                   "%s was still at work, and held %s, when %s ended the process. What the lock "
                   "guards may have been left half done, and an exit handler that takes it would "
                   "hang." AN_ADVICE "Tell the thread to stop and join it before the program ends.",
                   an_thread_begins(ctx, thread), lock, an_thread_text(ctx, end->exited_by));
}

/* Another process may have it, and is told that its owner died; in this one nobody is left. */
static bool is_handed_on(const struct an_held *held)
{
    return held->object->attributes & TR_ATTR_ROBUST;
}

/* Its release, by another thread, may be missing: in a ring's trace, or where events were lost,
 * that of a robust mutex above all. */
static bool is_certain(const struct an_world *world, const struct an_thread *thread,
                       const struct an_held *held)
{
    const struct an_end *end = &world->end;
    bool lives = an_thread_lives(thread);
    if (!an_is_sure(lives ? end->exited_by : thread, lives ? end->exit_index : thread->exit_index))
        return false;
    if (held->object->attributes & TR_ATTR_ROBUST && tr_reader_lost(world->reader))
        return false;
    return !world->lost_until || held->time > world->lost_until || held->object->lock.waiters.count;
}

static void finish(void *self)
{
    struct abandoned *abandoned = self;
    const struct an_end *end = &abandoned->ctx->world->end;
    bool process_ended = end->exit && end->exit_mode != TR_EXIT_ABORT;
    vec_each (struct an_thread *, at, &abandoned->ctx->world->threads.all) {
        struct an_thread *thread = *at;
        bool process = process_ended && end->exited_by == thread;
        if (an_thread_lives(thread) && !process_ended)
            continue;
        for (size_t i = 0; i < thread->held.count; i++) {
            if (!is_certain(abandoned->ctx->world, thread, &thread->held.at[i]))
                continue;
            if (an_thread_lives(thread) && is_handed_on(&thread->held.at[i]))
                continue;
            if (process || !an_thread_lives(thread))
                tell(abandoned, thread, &thread->held.at[i], process);
            else if (!thread->blamed)
                tell_note(abandoned->ctx, thread, &thread->held.at[i]);
        }
    }
}

static void close_pass(void *self)
{
    struct abandoned *abandoned = self;
    vec_release(&abandoned->gave_up);
    sn_map_release(&abandoned->seen);
    free(abandoned);
}

const struct an_analysis an_abandoned = {
    .name = "abandoned",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
