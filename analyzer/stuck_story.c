/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sites come in this order: the wait, others for the same; who could have ended it, with what
 * that one did last to the object, and its own wait or end; those that wait for locks behind it,
 * since that is how what they hold matters.
 */
#include "analyzer/stuck_story.h"

#include "analyzer/forks.h"
#include "analyzer/wait_story.h"
#include "base/text.h"

enum { MOST_SITES = 4 /* of threads that wait for the same, and of those behind */ };

/* Why that does not come.
 * ------------------------------------------------------------------------------------------------
 */

static const char *lock_reason(const struct an_context *ctx, const struct an_object *object)
{
    const struct an_lock *lock = &object->lock;
    if (!lock->owner && !lock->readers.count && ctx->world->lost_until && !lock->acquisitions)
        return "Who holds it was recorded too long ago.";
    struct sn_arena *arena = &ctx->report->arena;
    if (lock->owner)
        return sn_sprintf(arena, "%s holds it.", an_thread_begins(ctx, lock->owner));
    if (lock->readers.count)
        return sn_sprintf(arena, "%zu hold it for reading, %s among them.", lock->readers.count,
                          an_thread_text(ctx, lock->readers.at[0]));
    return object->attributes & TR_ATTR_PROCESS_SHARED
               ? "It is shared with other processes, of which one may hold it."
               : "Nobody holds it any longer: it may have been on its way.";
}

static const char *condition_reason(const struct an_context *ctx, const struct an_wait *wait)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_condition *condition = &wait->object->condition;
    if (!condition->signals)
        return "Nobody ever signalled it.";
    const char *times = condition->signals == 1 ? "once" : NULL;
    if (!times)
        times = sn_sprintf(arena, "%llu times", (unsigned long long)condition->signals);
    if (condition->last_signal < wait->index && condition->signals_unheard)
        return sn_sprintf(arena,
                          "It was signalled %s, the last time before this wait began, and a signal "
                          "that finds nobody waiting is lost.",
                          times);
    return sn_sprintf(arena, "It was signalled %s, but not since.", times);
}

static const char *barrier_reason(const struct an_context *ctx, const struct an_object *object)
{
    return sn_sprintf(&ctx->report->arena, "%llu of the %llu threads of this round have come.",
                      (unsigned long long)an_barrier_came(object),
                      (unsigned long long)object->initial);
}

/* Why nobody has ended it. */
static const char *reason(const struct an_context *ctx, const struct an_wait *wait)
{
    struct sn_arena *arena = &ctx->report->arena;
    const struct an_doers *doers;
    if (wait->kind != AN_WAIT_OUTSIDE && wait->object && !wait->object->known &&
        !an_type_is_lock(wait->object->type))
        return "What was done with it before this recording's beginning is not known.";
    switch (wait->kind) {
    case AN_WAIT_LOCK:
        return lock_reason(ctx, wait->object);
    case AN_WAIT_JOIN:
        return sn_sprintf(arena, "%s has not ended.", an_thread_begins(ctx, wait->thread));
    case AN_WAIT_COND:
        return condition_reason(ctx, wait);
    case AN_WAIT_SEM:
        return sn_sprintf(
            arena, "It was posted %llu times and waited for %llu times, from a value of %llu.",
            (unsigned long long)wait->object->semaphore.posts,
            (unsigned long long)wait->object->semaphore.waits,
            (unsigned long long)wait->object->initial);
    case AN_WAIT_BARRIER:
        return barrier_reason(ctx, wait->object);
    case AN_WAIT_ONCE:
        return wait->object->once.by ? sn_sprintf(arena, "%s runs it, and has not come to its end.",
                                                  an_thread_begins(ctx, wait->object->once.by))
                                     : "Nobody runs it any longer: it may have been on its way.";
    default:
        doers = an_wakers(ctx->world, wait);
        return doers && doers->of[0].thread   ? "It did not come."
               : !wait->channel               ? "It did not come before the program was stopped."
               : wait->what == TR_BLOCK_FUTEX ? "Nobody ever woke a thread that waits for it."
               : wait->what == TR_BLOCK_INPUT ? "Nobody ever gave it anything."
                                              : "Nobody ever took anything from it.";
    }
}

/* Who has the other end, where that was looked at. */
static const char *ends_text(const struct an_context *ctx, const struct an_wait *wait)
{
    const struct an_options *options = ctx->options;
    for (size_t i = 0; i < options->ends_count && wait->kind == AN_WAIT_OUTSIDE; i++)
        if (options->ends[i].pid == tr_reader_header(ctx->reader)->pid &&
            options->ends[i].descriptor == wait->on &&
            (wait->what == TR_BLOCK_INPUT || wait->what == TR_BLOCK_OUTPUT))
            return options->ends[i].text;
    return "";
}

/* Since when, and where it is told, for how long. */
static const char *since_text(const struct an_context *ctx, const struct an_wait *wait)
{
    struct sn_arena *arena = &ctx->report->arena;
    double since = an_milliseconds(ctx, ctx->world->first_time, wait->time);
    double lasted = an_milliseconds(ctx, wait->time, tr_reader_header(ctx->reader)->standstill_tsc);
    if (since < 0)
        return NULL;
    return lasted < 0 ? sn_sprintf(arena, "since %.1f s after the start", since / 1e3)
                      : sn_sprintf(arena, "since %.1f s after the start, for %.1f s", since / 1e3,
                                   lasted / 1e3);
}

static bool has_wait(const struct sn_finding *finding, const struct an_thread *thread)
{
    vec_each (struct sn_site, site, &finding->sites)
        if (site->thread == thread->number && site->event == thread->wait.index)
            return true;
    return false;
}

static void add_wait(const struct an_context *ctx, struct sn_finding *finding,
                     struct an_thread *thread)
{
    const struct an_wait *wait = &thread->wait;
    if (has_wait(finding, thread))
        return;
    an_wait_site(ctx, finding, thread)->note = since_text(ctx, wait);
    if (wait->kind == AN_WAIT_JOIN)
        an_name_thread(ctx, finding, wait->thread);
}

/* Who could have ended it.
 * ------------------------------------------------------------------------------------------------
 */

static void add_unknown_wait(const struct an_context *ctx, struct sn_finding *finding,
                             const struct an_thread *thread)
{
    struct sn_site *site =
        an_site(ctx, finding, SN_ROLE_WAITS, thread, thread->last_stack, thread->last_index, NULL);
    site->note = "behind this, its latest recorded event";
}

/* Where THREAD is now, as a part of a sentence, and as a site. */
static const char *whereabouts(const struct an_context *ctx, struct sn_finding *finding,
                               struct an_thread *thread, const struct an_thread *waiter)
{
    struct sn_arena *arena = &ctx->report->arena;
    if (thread == waiter)
        return "which waits itself now";
    if (!an_thread_lives(thread)) {
        if (thread->exit_stack)
            an_site(ctx, finding, SN_ROLE_ENDS, thread, thread->exit_stack, thread->exit_index,
                    NULL);
        an_name_thread(ctx, finding, thread);
        return sn_sprintf(arena, "which %s", an_ending_text(thread));
    }
    if (thread->wait.kind == AN_WAIT_NONE) {
        if (!an_stood_still(ctx))
            return "which was at work, as far as is recorded";
        add_unknown_wait(ctx, finding, thread);
        return "which waits in a call that was not recorded";
    }
    add_wait(ctx, finding, thread);
    return sn_sprintf(arena, "which waits itself %s", an_wait_text(ctx, &thread->wait));
}

/* Who is in the way: holds the lock, runs the once, is joined. */
static void tell_blockers(const struct an_context *ctx, struct sn_finding *finding,
                          struct an_thread *thread, struct sn_text *text)
{
    const struct an_wait *wait = &thread->wait;
    struct an_thread_list blockers = {0};
    an_blockers(thread, &blockers);
    for (size_t i = 0; i < blockers.of.count && i < AN_DOERS; i++) {
        struct an_thread *blocker = blockers.of.at[i];
        const struct an_held *held = wait->object ? an_thread_holds(blocker, wait->object) : NULL;
        if (held)
            an_site(ctx, finding, SN_ROLE_HOLDS, blocker, held->stack, held->index, wait->object);
        else if (wait->kind == AN_WAIT_ONCE)
            an_site(ctx, finding, SN_ROLE_HOLDS, blocker, wait->object->once.stack,
                    wait->object->once.index, wait->object);
        if (an_thread_lives(blocker) && (blocker->wait.kind != AN_WAIT_NONE || an_stood_still(ctx)))
            sn_text_printf(text, " %s%s.", an_thread_begins(ctx, blocker),
                           whereabouts(ctx, finding, blocker, thread) + sizeof "which" - 1);
    }
    vec_release(&blockers.of);
}

static enum sn_role role_of(const struct an_wait *wait)
{
    return wait->kind == AN_WAIT_SEM       ? SN_ROLE_POSTS
           : wait->kind == AN_WAIT_BARRIER ? SN_ROLE_WAITS
                                           : SN_ROLE_SIGNALS;
}

static const char *verb_of(const struct an_wait *wait)
{
    switch (wait->kind) {
    case AN_WAIT_COND:
        return "signalled it";
    case AN_WAIT_SEM:
        return "posted it";
    case AN_WAIT_BARRIER:
        return "came to it";
    default:
        return wait->what == TR_BLOCK_FUTEX    ? "woke somebody there"
               : wait->what == TR_BLOCK_OUTPUT ? "took from it"
                                               : "gave to it";
    }
}

static bool waits_there(const struct an_thread *thread, const struct an_wait *wait)
{
    return wait->object && thread->wait.object == wait->object && an_thread_lives(thread);
}

/* Those that have done before what would end the wait. */
static void tell_wakers(const struct an_context *ctx, struct sn_finding *finding,
                        struct an_thread *thread, struct sn_text *text)
{
    const struct an_wait *wait = &thread->wait;
    const struct an_doers *doers = an_wakers(ctx->world, wait);
    const char *latest = " The last that %s was %s, %s.", *earlier = " Before, %s %s, %s.";
    bool first = true;
    for (unsigned i = 0; doers && i < AN_DOERS && doers->of[i].thread; i++) {
        const struct an_doer *doer = &doers->of[i];
        if (waits_there(doer->thread, wait))
            continue;
        struct sn_site *site = an_site(ctx, finding, role_of(wait), doer->thread, doer->stack,
                                       doer->index, an_wait_object(&thread->wait));
        site->note =
            wait->kind == AN_WAIT_BARRIER || wait->kind == AN_WAIT_OUTSIDE ? verb_of(wait) : NULL;
        const char *who = an_thread_text(ctx, doer->thread);
        const char *where = whereabouts(ctx, finding, doer->thread, thread);
        if (first)
            sn_text_printf(text, latest, verb_of(wait), who, where);
        else
            sn_text_printf(text, earlier, who, verb_of(wait), where);
        first = false;
    }
}

/* Nobody signalled: who had the mutex, under which the signal was to be decided? */
static void tell_mutex_takers(const struct an_context *ctx, struct sn_finding *finding,
                              const struct an_thread *thread, struct sn_text *text)
{
    const struct an_wait *wait = &thread->wait;
    if (wait->kind != AN_WAIT_COND || wait->object->condition.signals)
        return;
    const struct an_object *mutex = an_object_find(ctx->world, wait->object->condition.mutex);
    if (!mutex || !an_type_is_lock(mutex->type))
        return;
    for (unsigned i = 0; i < AN_DOERS; i++) {
        const struct an_doer *doer = &mutex->lock.takers.of[i];
        if (!doer->thread || doer->thread == thread || waits_there(doer->thread, wait))
            continue;
        an_site(ctx, finding, SN_ROLE_TAKES, doer->thread, doer->stack, doer->index, mutex);
        sn_text_printf(text, " %s had its mutex, %s, and did not signal; that is the one %s.",
                       an_thread_begins(ctx, doer->thread), an_lock_text(ctx, mutex),
                       whereabouts(ctx, finding, doer->thread, thread));
    }
}

/* Nobody is known that could have: how all the others ended. */
static void tell_ended(const struct an_context *ctx, struct sn_finding *finding,
                       const struct an_thread *thread, struct sn_text *text)
{
    const struct an_threads *threads = &ctx->world->threads;
    vec_each (struct an_thread *, other, &threads->all)
        if (*other != thread && an_thread_lives(*other))
            return;
    unsigned told = 0;
    vec_each (struct an_thread *, other, &threads->all)
        if (*other != thread && told++ < MOST_SITES)
            sn_text_printf(text, "%s%s %s", told == 1 ? " Nobody else is left: " : ", ",
                           an_thread_text(ctx, *other),
                           whereabouts(ctx, finding, *other, thread) + sizeof "which");
    if (told > MOST_SITES)
        sn_text_printf(text, ", and %u more ended", told - MOST_SITES);
    if (told)
        sn_text_puts(text, ".");
}

/* Those that wait, too.
 * ------------------------------------------------------------------------------------------------
 */

static void tell_same(const struct an_context *ctx, struct sn_finding *finding,
                      const struct an_thread_list *same, struct sn_text *text)
{
    for (size_t i = 0; i < same->of.count; i++) {
        if (i < MOST_SITES)
            add_wait(ctx, finding, same->of.at[i]);
        else
            an_name_thread(ctx, finding, same->of.at[i]);
    }
    if (same->of.count == 1)
        sn_text_printf(text, " %s waits there, too: %s.", an_thread_begins(ctx, same->of.at[0]),
                       an_wait_text(ctx, &same->of.at[0]->wait));
    else if (same->of.count)
        sn_text_printf(text, " %zu other threads wait there, too.", same->of.count);
}

/* Who THREAD, of those behind, waits for, where its wait does not say so. */
static void tell_waker_of(const struct an_context *ctx, const struct an_thread *thread,
                          struct sn_text *text)
{
    const struct an_doers *doers = an_wakers(ctx->world, &thread->wait);
    for (unsigned i = 0; doers && i < AN_DOERS && doers->of[i].thread; i++)
        if (doers->of[i].thread != thread) {
            sn_text_printf(text, " (%s %s last)", an_thread_text(ctx, doers->of[i].thread),
                           verb_of(&thread->wait));
            return;
        }
}

static void tell_behind(const struct an_context *ctx, struct sn_finding *finding,
                        const struct an_thread_list *behind, struct sn_text *text)
{
    size_t told = 0;
    for (size_t i = 0; i < behind->of.count; i++) {
        struct an_thread *thread = behind->of.at[i];
        if (has_wait(finding, thread) || told++ >= MOST_SITES)
            continue;
        if (thread->wait.kind == AN_WAIT_JOIN)
            an_name_thread(ctx, finding, thread);
        else
            add_wait(ctx, finding, thread);
        sn_text_printf(text, "%s%s waits %s", told == 1 ? " Only because of this, " : ", ",
                       an_thread_text(ctx, thread), an_wait_text(ctx, &thread->wait));
        tell_waker_of(ctx, thread, text);
    }
    if (told > MOST_SITES)
        sn_text_printf(text, ", and %zu more wait", told - MOST_SITES);
    if (told)
        sn_text_puts(text, ".");
}

static const char *advice(const struct an_wait *wait)
{
    switch (wait->kind) {
    case AN_WAIT_COND:
        return "Let whoever makes true what is waited for say so under the mutex and signal, on "
               "every path; and wait only while it is not yet true.";
    case AN_WAIT_SEM:
        return "Post it on every path on which somebody waits for it, failures and early returns "
               "included.";
    case AN_WAIT_LOCK:
        return "Let the holder give the lock back before it waits for anything else.";
    case AN_WAIT_JOIN:
        return "Tell the thread to end before it is joined.";
    case AN_WAIT_BARRIER:
        return "Initialise the barrier with the number of threads that really come, in each round.";
    case AN_WAIT_ONCE:
        return "What an initialisation waits for must not need that it is done.";
    default:
        if (wait->what == TR_BLOCK_INPUT)
            return "Let whoever has the other end write, or close it: all copies of it, also the "
                   "reader's own and those that children have inherited.";
        return "See who was to wake it, and why that did not happen.";
    }
}

static void blame(struct sn_finding *finding, const struct an_thread_list *threads)
{
    for (size_t i = 0; i < threads->of.count; i++)
        threads->of.at[i]->blamed = finding;
}

void an_stuck_tell(const struct an_context *ctx, const struct an_stuck *stuck, bool certain)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_STUCK_THREAD, SN_OBSERVED);
    struct an_thread *thread = stuck->thread;
    if (!an_waits_surely(thread))
        an_doubt(ctx, finding, "which may have ended this wait");
    const struct an_wait *wait = &thread->wait;
    const char *who = an_thread_text(ctx, thread), *what = an_wait_text(ctx, &thread->wait);
    struct sn_text text = {0};
    sn_text_printf(&text, "%s while %s waited, in vain, %s. %s%s",
                   certain ? "No thread of the program could ever go on: it was stopped"
                           : "The program did not end by itself: it was stopped",
                   who, what, reason(ctx, wait), ends_text(ctx, wait));
    if (wait->kind == AN_WAIT_OUTSIDE && wait->what == TR_BLOCK_FUTEX)
        finding->variable = an_variable(ctx, wait->on, 4);
    add_wait(ctx, finding, thread);
    tell_same(ctx, finding, &stuck->same, &text);
    size_t known = finding->sites.count;
    tell_blockers(ctx, finding, thread, &text);
    tell_wakers(ctx, finding, thread, &text);
    tell_mutex_takers(ctx, finding, thread, &text);
    if (finding->sites.count == known)
        tell_ended(ctx, finding, thread, &text);
    tell_behind(ctx, finding, &stuck->behind, &text);
    sn_text_printf(&text, AN_ADVICE "%s", advice(wait));
    finding->title = sn_sprintf(arena, "%s is stuck waiting %s", who, what);
    finding->explanation = sn_strndup(arena, text.at, text.length);
    sn_text_release(&text);
    thread->blamed = finding;
    if (wait->kind == AN_WAIT_OUTSIDE && wait->what == TR_BLOCK_CHILD && ctx->options->forks)
        *vec_push(&ctx->options->forks->child_waits) =
            (struct an_child_wait){ctx->process, finding};
    blame(finding, &stuck->same);
    blame(finding, &stuck->behind);
}

void an_stuck_tell_unknown(const struct an_context *ctx, struct an_thread *thread)
{
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_finding *finding = an_finding(ctx, SN_STUCK_THREAD, SN_OBSERVED);
    const char *who = an_thread_text(ctx, thread);
    add_unknown_wait(ctx, finding, thread);
    thread->blamed = finding;
    finding->title = sn_sprintf(arena, "%s is stuck in a call that was not recorded", who);
    finding->explanation =
        sn_sprintf(arena,
                   "No thread of the program could ever go on: it was stopped while %s waited in a "
                   "call that no recorded event tells of: for a lock of the C library's own, say, "
                   "which a signal handler or a forked child found taken." AN_ADVICE
                   "Look at its stack in a debugger, with --hang=off.",
                   who);
}
