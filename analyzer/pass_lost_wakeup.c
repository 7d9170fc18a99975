/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of a condition that nobody heard, and that somebody waits for afterwards.
 *
 * That a signal finds no waiter is the rule where a variable keeps the fact: whoever comes later
 * looks at the variable. So a wait may be in vain only if its thread has not learned of the fact:
 * under the mutex of its wait it has read nothing that another thread had written since the fact
 * was there, which is since the signaller first left a critical section that it began after its
 * signal before. And it is in vain only if one of these holds:
 *
 *   flag       it read what the signaller then wrote before the signal: both came between the look
 *              and the wait, since the signaller does without the mutex
 *   withdrawn  it read what the signaller overwrote after the signal, without a look: an event that
 *              is set and cleared at once
 *   blind      it looks at nothing, and nobody ever does in front of this wait. Of a wait that ends
 *              by time-out this counts only where the signaller, too, wrote nothing down
 *
 * All this rests on accesses that are not there: both calls must be made by code of which the trace
 * has the accesses.
 */
#include "analyzer/compose.h"
#include "analyzer/coverage.h"
#include "analyzer/world/waits.h"
#include "base/map.h"

enum { MOST_SIGNALLED = 16 /* conditions of a thread that are told apart */ };

struct signalled { /* a condition, by one thread */
    const struct an_object *condition;
    uint64_t latest; /* index of its latest signal */
    uint64_t fact;   /* when it first left a section begun since; 0: not yet */
    uint64_t before; /* the same for the signal before */
};

struct signaller {
    uint64_t first; /* when it first left a critical section */
    VEC(struct signalled) of;
};

struct lost {                 /* the latest signal of a condition that nobody heard */
    uint64_t index, previous; /* previous: its thread's signal before */
    uint64_t clock;           /* of its thread */
    uint64_t fact,
        fact_held; /* what it tells of was there by then; fact_held: if it held the mutex */
    uint32_t lockset;
    const struct an_thread *thread;
    uint32_t stack;
};

enum form { NONE, FLAG, WITHDRAWN, BLIND };

struct suspect { /* a thread that waits for a signal that has been */
    enum form form;
    struct lost lost;
    struct an_thread *thread;
    const struct an_object *condition;
    uint64_t wait;
    uint32_t stack;
    bool wrote; /* the signaller wrote something down */
    bool timed_out;
};

struct woken { /* who has come out of a wait, and holds its mutex still */
    uint64_t place;
    const struct an_object *mutex;
};

struct lost_wakeups {
    struct an_context *ctx;
    VEC(struct signaller) signallers; /* by thread */
    VEC(struct lost) lost;            /* by condition's number */
    VEC(struct suspect) waiting;      /* by thread */
    VEC(struct suspect) suspects;     /* those that waited in vain */
    struct sn_map looking;            /* places of waits, around which somebody reads */
    VEC(struct woken) woken;          /* by thread */
    struct sn_map told;               /* by both stacks: the finding */
};

static bool wants(uint8_t kind)
{
    return kind == TR_COND_SIGNAL || kind == TR_COND_WAIT || kind == TR_COND_WAKE ||
           kind == TR_RELEASE;
}

static void *open_pass(struct an_context *ctx)
{
    struct lost_wakeups *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    return self;
}

/* Signals. --------------------------------------------------------------------------------------
 */

static struct signaller *signaller_of(struct lost_wakeups *self, const struct an_thread *thread)
{
    vec_cover(&self->signallers, thread->index);
    return &self->signallers.at[thread->index];
}

/* Whoever looks behind the wait does so before the next one, if there is a loop around it. */
static void looked_after(struct lost_wakeups *self, const struct an_thread *thread,
                         const struct an_object *mutex)
{
    struct woken *woken = thread->index < self->woken.count ? &self->woken.at[thread->index] : NULL;
    if (!woken || !woken->place || woken->mutex != mutex)
        return;
    const struct an_lock_use *use = an_lock_use(thread, mutex);
    if (use && an_any_read(&use->present))
        *sn_map_at(&self->looking, woken->place) = 1;
    woken->place = 0;
}

static void left_section(struct lost_wakeups *self, const struct tr_event *ev)
{
    const struct an_now *now = &self->ctx->world->now;
    if (!now->outermost || now->released_by_other)
        return;
    if (!(ev->mode & TR_LOCK_IN_WAIT))
        looked_after(self, now->thread, now->object);
    struct signaller *signaller = signaller_of(self, now->thread);
    if (!signaller->first)
        signaller->first = ev->index;
    vec_each (struct signalled, signalled, &signaller->of)
        if (!signalled->fact && signalled->latest < now->released.index)
            signalled->fact = ev->index;
}

static struct signalled *signalled_by(struct signaller *signaller,
                                      const struct an_object *condition)
{
    vec_each (struct signalled, signalled, &signaller->of)
        if (signalled->condition == condition)
            return signalled;
    if (signaller->of.count == MOST_SIGNALLED)
        vec_remove(&signaller->of, 0);
    struct signalled *new = vec_push(&signaller->of);
    *new = (struct signalled){.condition = condition, .fact = signaller->first};
    return new;
}

/* Holds THREAD a lock alone that it has taken since event INDEX? */
static bool in_section_since(const struct an_thread *thread, uint64_t index)
{
    vec_each (struct an_held, held, &thread->held)
        if (!held->shared && held->index > index)
            return true;
    return false;
}

static void signal_sent(struct lost_wakeups *self, const struct tr_event *ev)
{
    struct an_thread *thread = self->ctx->world->now.thread;
    const struct an_object *condition = self->ctx->world->now.object;
    struct signalled *signalled = signalled_by(signaller_of(self, thread), condition);
    uint64_t fact = signalled->fact ? signalled->fact : signalled->before;
    uint64_t fact_held =
        !signalled->fact && in_section_since(thread, signalled->latest) ? ev->index : fact;
    vec_cover(&self->lost, condition->id);
    self->lost.at[condition->id] = (struct lost){
        .index = ev->index,
        .previous = signalled->latest,
        .clock = thread->clock,
        .fact = fact,
        .fact_held = fact_held,
        .lockset = an_thread_lockset(self->ctx->world, thread),
        .thread = thread,
        .stack = ev->stack,
    };
    signalled->latest = ev->index;
    signalled->before = fact;
    signalled->fact = 0;
}

/* Waits. ----------------------------------------------------------------------------------------
 */

static bool is_withdrawn(const struct an_touch *touch, const struct lost *lost)
{
    return touch->author.thread == lost->thread && touch->unread && touch->authored > lost->clock;
}

/* What was read of it was written by the signaller then, before its signal. Where another thread
 * told of the read it did so as it wrote. */
static bool is_flag(struct an_world *world, const struct an_touch *touch, const struct lost *lost)
{
    const struct an_access *write = an_latest_write(world, touch->word);
    return write && write->thread == lost->thread->index && write->index < lost->index &&
           write->index > (touch->told_by == lost->thread ? lost->previous : touch->read_index);
}

static enum form judge(struct an_world *world, const struct an_lock_use *use,
                       const struct lost *lost)
{
    const struct an_critical *section = &use->present;
    uint64_t fact = an_lockset_has(world, lost->lockset, use->lock) ? lost->fact_held : lost->fact;
    if (use->informed > fact || section->crowded || section->crossed)
        return NONE;
    enum form form = an_any_read(section) ? NONE : BLIND;
    vec_each (struct an_touch, touch, &section->touches) {
        if (!touch->read_index)
            continue;
        if (is_withdrawn(touch, lost))
            form = WITHDRAWN;
        else if (touch->author.thread && touch->read_index > fact)
            return NONE;
        else if (is_flag(world, touch, lost))
            form = FLAG;
    }
    return form;
}

/* Did the signaller write anything in the section of its signal that it may have told of? */
static bool wrote_down(const struct lost *lost)
{
    vec_each (struct an_lock_use *, at, &lost->thread->lock_uses) {
        const struct an_critical *sections[] = {&(*at)->present, &(*at)->last};
        for (unsigned i = 0; i < 2; i++)
            vec_each (struct an_touch, touch, &sections[i]->touches)
                if (touch->write_index && sections[i]->begin < lost->index)
                    return true;
    }
    return false;
}

static bool both_covered(const struct an_context *ctx, uint32_t wait, const struct lost *lost)
{
    return an_is_covered(ctx, wait) && an_is_covered(ctx, lost->stack);
}

static void wait_begins(struct lost_wakeups *self, const struct tr_event *ev)
{
    struct an_world *world = self->ctx->world;
    struct an_thread *thread = world->now.thread;
    const struct an_object *condition = world->now.object;
    const struct an_object *mutex = an_thread_locked(thread, ev->a0);
    const struct an_lock_use *use = mutex ? an_lock_use(thread, mutex) : NULL;
    vec_cover(&self->waiting, thread->index);
    struct suspect *suspect = &self->waiting.at[thread->index];
    *suspect = (struct suspect){.form = NONE};
    if (!use)
        return;
    if (an_any_read(&use->present))
        *sn_map_at(&self->looking, an_place(self->ctx, ev->stack)) = 1;
    vec_cover(&self->woken, thread->index);
    self->woken.at[thread->index] = (struct woken){an_place(self->ctx, ev->stack), use->lock};
    uint64_t signal = condition->condition.last_signal;
    if (!signal || signal != condition->condition.last_unheard ||
        condition->attributes & TR_ATTR_PROCESS_SHARED)
        return;
    const struct lost *lost = &self->lost.at[condition->id];
    if (lost->thread == thread || thread->create_index > signal || !thread->whole ||
        !both_covered(self->ctx, ev->stack, lost))
        return;
    *suspect = (struct suspect){
        .form = judge(world, use, lost),
        .lost = *lost,
        .thread = thread,
        .condition = condition,
        .wait = ev->index,
        .stack = ev->stack,
        .wrote = wrote_down(lost),
    };
}

/* Is the signal that was lost still the latest one? */
static bool still_lost(const struct suspect *suspect)
{
    return suspect->form != NONE &&
           suspect->condition->condition.last_signal == suspect->lost.index;
}

static void wait_ends(struct lost_wakeups *self, const struct tr_event *ev)
{
    const struct an_thread *thread = self->ctx->world->now.thread;
    if (thread->index >= self->waiting.count)
        return;
    struct suspect *suspect = &self->waiting.at[thread->index];
    if (ev->mode & TR_LOCK_TIMEOUT && still_lost(suspect)) {
        suspect->timed_out = true;
        *vec_push(&self->suspects) = *suspect;
    }
    suspect->form = NONE;
}

static void event(void *data, const struct tr_event *ev)
{
    struct lost_wakeups *self = data;
    switch (ev->kind) {
    case TR_COND_SIGNAL:
        signal_sent(self, ev);
        break;
    case TR_COND_WAIT:
        wait_begins(self, ev);
        break;
    case TR_COND_WAKE:
        wait_ends(self, ev);
        break;
    default:
        left_section(self, ev);
        break;
    }
}

/* Findings. -------------------------------------------------------------------------------------
 */

static const char *why(enum form form)
{
    switch (form) {
    case FLAG:
        return "It had looked at what says so before the signaller wrote it, without the mutex of "
               "the wait: write and signal came between the look and the wait.";
    case WITHDRAWN:
        return "The variable that said so was changed back before anybody looked at it.";
    default:
        return "No variable says that it has been, or nobody looks at it before the wait.";
    }
}

static const char *advice(enum form form)
{
    return form == FLAG ? "Change what the waiter looks at with the mutex held, and signal then."
           : form == WITHDRAWN
               ? "Keep the fact until whoever waits has seen it: count what happened instead of "
                 "setting a flag and clearing it."
               : "Keep the fact in a variable under the mutex, set it before the signal, and wait "
                 "in a loop until it holds.";
}

static void explain(struct lost_wakeups *self, struct sn_finding *finding,
                    const struct suspect *suspect, size_t behind)
{
    const struct an_context *ctx = self->ctx;
    struct sn_arena *arena = &ctx->report->arena;
    const char *lock = an_lock_text(ctx, suspect->condition);
    finding->title = sn_sprintf(arena, "a signal of %s is lost", lock);
    finding->explanation = sn_sprintf(
        arena,
        "%s signalled %s when nobody waited for it, and a condition variable does not remember a "
        "signal. %s waited for it afterwards, %s. %s%s" AN_ADVICE "%s",
        an_thread_begins(ctx, suspect->lost.thread), lock, an_thread_begins(ctx, suspect->thread),
        suspect->timed_out ? "until its time was over" : "and was never woken", why(suspect->form),
        behind ? sn_sprintf(arena, " %zu further thread%s only because of this.", behind,
                            behind == 1 ? " waits" : "s wait")
               : "",
        advice(suspect->form));
}

static void tell(struct lost_wakeups *self, const struct suspect *suspect)
{
    const struct an_context *ctx = self->ctx;
    uint64_t *known = sn_map_at(&self->told, (uint64_t)suspect->stack << 32 | suspect->lost.stack);
    if (*known) {
        struct sn_finding *finding = (struct sn_finding *)(uintptr_t)*known;
        finding->count++;
        an_name_thread(ctx, finding, suspect->thread);
        suspect->thread->blamed = suspect->timed_out ? suspect->thread->blamed : finding;
        return;
    }
    struct sn_finding *finding = an_finding(ctx, SN_LOST_WAKEUP, SN_OBSERVED);
    *known = (uintptr_t)finding;
    an_site(ctx, finding, SN_ROLE_SIGNALS, suspect->lost.thread, suspect->lost.stack,
            suspect->lost.index, suspect->condition);
    an_site(ctx, finding, SN_ROLE_WAITS, suspect->thread, suspect->stack, suspect->wait,
            suspect->condition);
    size_t behind = 0;
    if (!suspect->timed_out) {
        suspect->thread->blamed = finding;
        behind = an_blame_waiters(ctx->world, finding);
    }
    explain(self, finding, suspect, behind);
}

/* In front of such a wait somebody looks at something: the thread may know more than it seems. */
static bool is_excused(const struct lost_wakeups *self, const struct suspect *suspect)
{
    return suspect->form == BLIND &&
           (sn_map_find(&self->looking, an_place(self->ctx, suspect->stack)) ||
            (suspect->timed_out && suspect->wrote));
}

static void finish(void *data)
{
    struct lost_wakeups *self = data;
    if (an_lost_events(self->ctx->reader))
        return; /* a look or a signal may be among them */
    vec_each (struct suspect, suspect, &self->waiting)
        if (still_lost(suspect) && !suspect->thread->blamed && an_waits_for_ever(suspect->thread) &&
            an_waits_surely(suspect->thread))
            *vec_push(&self->suspects) = *suspect;
    vec_each (struct suspect, suspect, &self->suspects)
        if (!is_excused(self, suspect) && suspect->condition->known)
            tell(self, suspect);
}

static void close_pass(void *data)
{
    struct lost_wakeups *self = data;
    vec_each (struct signaller, signaller, &self->signallers)
        vec_release(&signaller->of);
    vec_release(&self->signallers);
    vec_release(&self->lost);
    vec_release(&self->waiting);
    vec_release(&self->woken);
    vec_release(&self->suspects);
    sn_map_release(&self->looking);
    sn_map_release(&self->told);
    free(self);
}

const struct an_analysis an_lost_wakeup = {
    .name = "lost_wakeup",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
