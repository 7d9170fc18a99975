/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait for a lock and are passed over. For each thread and lock: how often it got the
 * lock, and how often others got it while it waited (its bypasses). If all were served in turn, a
 * thread would get its part, one in as many as use the lock, of the acquisitions it saw. A starved
 * one gets far less than that, was passed over often, and waited for most of the time since it
 * first wanted the lock. What a fast thread takes while a slow one is being woken evens out over a
 * run; equal work by threads of one role, as told by Jain's index (Jain, Chiu, Hawe, 1984), does
 * not starve anybody.
 */
#include "analyzer/compose.h"
#include "analyzer/world/waits.h"
#include "base/text.h"

#define WAITING_SHARE 0.5 /* of the time since the first request */
#define FAIR_INDEX    0.9 /* of Jain, among threads of one role */

struct want { /* a thread's, of a lock that it had to wait for */
    struct an_thread *thread;
    const struct an_object *object;
    bool waiting, shared;
    uint64_t seen, seen_shared; /* the lock's acquisitions when the present wait began */
    uint64_t bypasses, by_readers, waits, worst;
    uint64_t ticks; /* waited, in all */
    uint64_t since, first,
        last; /* times: of the present wait, of the first one, of the latest end */
    uint32_t stack, worst_stack; /* of the present wait, of the worst one */
    uint64_t index, worst_index;
};

struct use {                     /* of a lock */
    uint32_t threads;            /* that got it */
    struct an_thread *passed_by; /* who got it most while another one waited, if anyone more than */
    int64_t lead;                /* all others together: Boyer and Moore's majority vote */
    uint32_t stack;              /* its latest such acquisition */
    uint64_t index;
};

struct starvation {
    struct an_context *ctx;
    struct sn_map got;    /* by thread and lock: how often */
    struct sn_map wanted; /* by thread and lock: index in `wants`, plus one */
    VEC(struct want) wants;
    VEC(struct use) uses; /* by object id */
};

static bool wants(uint8_t kind)
{
    return kind == TR_REQUEST || kind == TR_ACQUIRE || kind == TR_TRY_FAIL;
}

static void *open_pass(struct an_context *ctx)
{
    struct starvation *starvation = sn_calloc(1, sizeof *starvation);
    starvation->ctx = ctx;
    return starvation;
}

static uint64_t key_of(const struct an_thread *thread, const struct an_object *object)
{
    return (uint64_t)thread->index << 32 | object->id;
}

static struct use *use_of(struct starvation *starvation, const struct an_object *object)
{
    while (starvation->uses.count <= object->id)
        (void)vec_push(&starvation->uses);
    return &starvation->uses.at[object->id];
}

static uint64_t got(const struct starvation *starvation, const struct an_thread *thread,
                    const struct an_object *object)
{
    uint64_t *count = sn_map_find(&starvation->got, key_of(thread, object));
    return count ? *count : 0;
}

static void begins(struct starvation *starvation, const struct tr_event *ev)
{
    const struct an_now *now = &starvation->ctx->world->now;
    uint64_t *number = sn_map_at(&starvation->wanted, key_of(now->thread, now->object));
    if (!*number) {
        struct want *new = vec_push(&starvation->wants);
        *number = starvation->wants.count;
        new->thread = now->thread;
        new->object = now->object;
        new->first = ev->time;
    }
    struct want *want = &starvation->wants.at[*number - 1];
    want->waiting = true;
    want->shared = (ev->mode & TR_LOCK_SHARED) != 0;
    want->seen = now->object->lock.acquisitions;
    want->seen_shared = now->object->lock.shared_acquisitions;
    want->since = ev->time;
    want->stack = ev->stack;
    want->index = ev->index;
}

/* The wait is over at TIME, when others had got the lock ACQUISITIONS times, SHARED as readers. */
static void ends(struct want *want, uint64_t acquisitions, uint64_t shared, uint64_t time)
{
    uint64_t passed = acquisitions - want->seen;
    want->waiting = false;
    want->waits++;
    want->bypasses += passed;
    want->by_readers += shared - want->seen_shared;
    if (time > want->since)
        want->ticks += time - want->since;
    want->last = time;
    if (passed < want->worst && want->worst_stack)
        return;
    want->worst = passed;
    want->worst_stack = want->stack;
    want->worst_index = want->index;
}

static struct want *waiting(struct starvation *starvation, const struct an_thread *thread,
                            const struct an_object *object)
{
    uint64_t *number = sn_map_find(&starvation->wanted, key_of(thread, object));
    struct want *want = number ? &starvation->wants.at[*number - 1] : NULL;
    return want && want->waiting ? want : NULL;
}

static void acquired(struct starvation *starvation, const struct tr_event *ev)
{
    const struct an_now *now = &starvation->ctx->world->now;
    const struct an_lock *lock = &now->object->lock;
    if (ev->mode & TR_LOCK_CONTENDED) {
        struct want *want = waiting(starvation, now->thread, now->object);
        if (want)
            ends(want, lock->acquisitions - 1,
                 lock->shared_acquisitions - ((ev->mode & TR_LOCK_SHARED) != 0), ev->time);
    }
    struct use *use = use_of(starvation, now->object);
    use->threads += (*sn_map_at(&starvation->got, key_of(now->thread, now->object)))++ == 0;
    if (!lock->waiters.count)
        return;
    use->lead += use->passed_by == now->thread ? 1 : -1;
    if (use->lead < 0)
        use->lead = 1;
    else if (use->passed_by != now->thread)
        return;
    use->passed_by = now->thread;
    use->stack = ev->stack;
    use->index = ev->index;
}

static void event(void *self, const struct tr_event *ev)
{
    struct starvation *starvation = self;
    const struct an_now *now = &starvation->ctx->world->now;
    if (!now->object || !an_type_is_lock(now->object->type) || !now->thread->whole ||
        !an_is_sure(now->thread, now->index))
        return;
    if (ev->kind == TR_REQUEST) {
        begins(starvation, ev);
    } else if (ev->kind == TR_TRY_FAIL) {
        struct want *want = waiting(starvation, now->thread, now->object);
        if (want)
            ends(want, now->object->lock.acquisitions, now->object->lock.shared_acquisitions,
                 ev->time);
    } else if (now->outermost) {
        acquired(starvation, ev);
    }
}

/* Judging. --------------------------------------------------------------------------------------
 */

static double share(const struct starvation *starvation, const struct want *want)
{
    double own = (double)got(starvation, want->thread, want->object);
    return own / (own + (double)want->bypasses);
}

static double fair_share(const struct starvation *starvation, const struct want *want)
{
    uint32_t threads = want->object->id < starvation->uses.count
                           ? starvation->uses.at[want->object->id].threads
                           : 0;
    threads += got(starvation, want->thread, want->object) == 0;
    return 1.0 / (threads ? threads : 1);
}

struct role {
    uint32_t threads;
    double index; /* Jain's: 1 is fair, one in `threads` is all to one */
};

/* The threads made at the same place, by how often they got the lock. */
static struct role role_of(const struct starvation *starvation, const struct want *want)
{
    struct role role = {0, 1};
    double sum = 0, squares = 0;
    vec_each (struct an_thread *, thread, &starvation->ctx->world->threads.all) {
        if (!(*thread)->created || (*thread)->create_stack != want->thread->create_stack)
            continue;
        double count = (double)got(starvation, *thread, want->object);
        role.threads++;
        sum += count;
        squares += count * count;
    }
    if (squares > 0)
        role.index = sum * sum / (role.threads * squares);
    return role;
}

static bool starved(const struct starvation *starvation, const struct want *want)
{
    const struct an_context *ctx = starvation->ctx;
    const struct an_options *options = ctx->options;
    if (want->bypasses < options->starvation_bypass || want->thread->blamed ||
        share(starvation, want) >= options->starvation_share * fair_share(starvation, want))
        return false;
    double waited = an_milliseconds(ctx, 1, 1 + want->ticks);
    double since = an_milliseconds(ctx, want->first, want->last);
    if (waited >= 0 && since >= 0 &&
        (waited < options->starvation_wait_ms || waited < WAITING_SHARE * since))
        return false;
    struct role role = role_of(starvation, want);
    return role.threads < 2 || role.index < FAIR_INDEX;
}

static void explain(const struct starvation *starvation, struct sn_finding *finding,
                    const struct want *want)
{
    const struct an_context *ctx = starvation->ctx;
    struct sn_text text = {0};
    const char *who = an_thread_begins(ctx, want->thread), *lock = an_lock_text(ctx, want->object);
    struct role role = role_of(starvation, want);
    double ms = an_milliseconds(ctx, 1, 1 + want->ticks);
    uint64_t own = got(starvation, want->thread, want->object);
    sn_text_printf(&text, "%s waited for %s %llu time%s", who, lock,
                   (unsigned long long)want->waits, want->waits == 1 ? "" : "s");
    if (ms >= 0)
        sn_text_printf(&text, ", %.0f ms in all", ms);
    sn_text_printf(&text,
                   ", and was passed over %llu times (%llu in one wait) while it got it %llu "
                   "time%s: %.2f %% of the acquisitions it saw, where its fair part is %.1f "
                   "%%.",
                   (unsigned long long)want->bypasses, (unsigned long long)want->worst,
                   (unsigned long long)own, own == 1 ? "" : "s", share(starvation, want) * 100,
                   fair_share(starvation, want) * 100);
    if (want->by_readers * 2 > want->bypasses)
        sn_text_printf(&text,
                       " %llu times it was readers that were let in before the writer: while "
                       "they overlap it never gets its turn.",
                       (unsigned long long)want->by_readers);
    if (role.threads > 1)
        sn_text_printf(&text,
                       " Among the %u threads made at the same place Jain's fairness index "
                       "is %.2f (1 is fair).",
                       role.threads, role.index);
    if (finding->count > 1)
        sn_text_printf(&text, " %llu threads fare like this.", (unsigned long long)finding->count);
    sn_text_puts(&text, want->by_readers * 2 > want->bypasses ? AN_ADVICE
                            "Prefer writers (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), or "
                            "hold the lock for less time."
                                                              : AN_ADVICE
                            "Hold the lock for less time, pause before taking it again, or use "
                            "a fair lock (tickets, or a queue).");
    finding->explanation = sn_strndup(&ctx->report->arena, text.at, text.length);
    sn_text_release(&text);
}

static void tell(struct starvation *starvation, const struct want *want, uint64_t count)
{
    const struct an_context *ctx = starvation->ctx;
    const struct use *use = use_of(starvation, want->object);
    struct sn_finding *finding = an_finding(ctx, SN_STARVATION, SN_OBSERVED);
    finding->count = count;
    an_site(ctx, finding, SN_ROLE_WAITS, want->thread, want->worst_stack, want->worst_index,
            want->object);
    if (use->passed_by)
        an_site(ctx, finding, SN_ROLE_TAKES, use->passed_by, use->stack, use->index, want->object);
    finding->title = sn_sprintf(&ctx->report->arena, "%s hardly ever gets %s",
                                an_thread_text(ctx, want->thread), an_lock_text(ctx, want->object));
    explain(starvation, finding, want);
    if (want->thread->wait.kind == AN_WAIT_LOCK && want->thread->wait.object == want->object) {
        want->thread->blamed = finding;
        an_blame_waiters(ctx->world, finding);
    }
}

static int by_object(const void *left, const void *right)
{
    const struct want *a = left, *b = right;
    if (a->object->id != b->object->id)
        return a->object->id < b->object->id ? -1 : 1;
    if (a->bypasses != b->bypasses)
        return a->bypasses > b->bypasses ? -1 : 1;
    return a->thread->index < b->thread->index ? -1 : 1;
}

static void finish(void *self)
{
    struct starvation *starvation = self;
    vec_each (struct want, want, &starvation->wants)
        if (want->waiting && an_is_sure(want->thread, want->index))
            ends(want, want->object->lock.acquisitions, want->object->lock.shared_acquisitions,
                 starvation->ctx->world->last_time);
    if (starvation->wants.count)
        qsort(starvation->wants.at, starvation->wants.count, sizeof *starvation->wants.at,
              by_object);
    const struct want *worst = NULL; /* of the present lock: the first starved one */
    uint64_t count = 0;
    vec_each (struct want, want, &starvation->wants) {
        if (worst && worst->object != want->object) {
            tell(starvation, worst, count);
            worst = NULL;
        }
        if (!starved(starvation, want))
            continue;
        count = worst ? count + 1 : 1;
        worst = worst ? worst : want;
    }
    if (worst)
        tell(starvation, worst, count);
}

static void close_pass(void *self)
{
    struct starvation *starvation = self;
    sn_map_release(&starvation->got);
    sn_map_release(&starvation->wanted);
    vec_release(&starvation->wants);
    vec_release(&starvation->uses);
    free(starvation);
}

const struct an_analysis an_starvation = {
    .name = "starvation",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
