/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/circles.h"

#include "analyzer/wait_story.h"
#include "analyzer/world/standstill.h"
#include "analyzer/world/waits.h"
#include "base/text.h"

struct circle { /* each waits for the next one, the last for the first */
    VEC(struct an_thread *) of;
};

struct circles {
    struct an_context *ctx;
    struct sn_map *observed;
    struct an_standstill still;
    struct sn_map idle; /* object id: how many of its givers wait for it themselves */
};

/* Telling. --------------------------------------------------------------------------------------
 */

/* The circle begins with its lowest number, so that every run tells it alike. */
static void turn(struct circle *circle)
{
    size_t lowest = 0;
    for (size_t i = 1; i < circle->of.count; i++)
        if (circle->of.at[i]->number < circle->of.at[lowest]->number)
            lowest = i;
    for (; lowest > 0; lowest--) {
        struct an_thread *first = circle->of.at[0];
        vec_remove(&circle->of, 0);
        *vec_push(&circle->of) = first;
    }
}

/* How THREAD came to have what BEFORE waits for; false: it does not hold that. */
static bool hold_of(const struct an_thread *thread, const struct an_thread *before, uint32_t *stack,
                    uint64_t *index)
{
    const struct an_object *object = before->wait.object;
    const struct an_held *held =
        before->wait.kind == AN_WAIT_LOCK ? an_thread_holds(thread, object) : NULL;
    if (held) {
        *stack = held->stack;
        *index = held->index;
    } else if (before->wait.kind == AN_WAIT_ONCE && object->once.by == thread) {
        *stack = object->once.stack;
        *index = object->once.index;
    } else if (before->wait.kind == AN_WAIT_SEM && an_semaphore_holder(object) == thread) {
        *stack = object->semaphore.hold_stack;
        *index = object->semaphore.hold_index;
    } else {
        return false;
    }
    return true;
}

static void add_party(const struct an_context *ctx, struct sn_finding *finding,
                      const struct an_thread *thread, const struct an_thread *before)
{
    uint32_t stack;
    uint64_t index;
    if (hold_of(thread, before, &stack, &index))
        an_site(ctx, finding, SN_ROLE_HOLDS, thread, stack, index, before->wait.object);
    (void)an_wait_site(ctx, finding, thread);
}

static void tell_wait(const struct an_context *ctx, struct sn_text *text,
                      const struct an_thread *thread, const struct an_thread *before)
{
    uint32_t stack;
    uint64_t index;
    if (text->length)
        sn_text_printf(text, ", %s", an_thread_text(ctx, thread));
    else
        sn_text_puts(text, an_thread_begins(ctx, thread));
    if (hold_of(thread, before, &stack, &index))
        sn_text_printf(text, " %s %s and", before->wait.kind == AN_WAIT_ONCE ? "runs" : "holds",
                       an_lock_text(ctx, before->wait.object));
    sn_text_printf(text, " waits %s", an_wait_text(ctx, &thread->wait));
}

static bool has(const struct circle *circle, enum an_wait_kind kind)
{
    for (size_t i = 0; i < circle->of.count; i++)
        if (circle->of.at[i]->wait.kind == kind)
            return true;
    return false;
}

/* Is one among them that no other in particular has to wake? */
static bool is_open(const struct circle *circle)
{
    for (size_t i = 0; i < circle->of.count; i++)
        if (an_waits_for_anybody(circle->of.at[i]))
            return true;
    return false;
}

static bool reads_again(const struct circle *circle)
{
    for (size_t i = 0; i < circle->of.count; i++)
        if (circle->of.at[i]->wait.shared)
            return true;
    return false;
}

static const char *advice(const struct circle *circle)
{
    bool lock = has(circle, AN_WAIT_LOCK), once = has(circle, AN_WAIT_ONCE);
    if (once)
        return "Do not wait in what is done once for who may come to need it: take the lock "
               "before, or do the waiting after.";
    if (is_open(circle) && lock)
        return "Do not wait while holding a lock that the other thread needs before it can wake "
               "this one: give it back before.";
    if (is_open(circle))
        return "Let at least one of them give what the other waits for before it waits itself.";
    if (has(circle, AN_WAIT_JOIN))
        return lock ? "Release the lock before joining the thread that needs it."
                    : "Let one thread join all others, and none of these another.";
    if (circle->of.at[0]->wait.object == circle->of.at[1]->wait.object)
        return reads_again(circle) ? "Do not ask for a read lock again while holding it: whoever "
                                     "waits to write in between keeps the second one off."
                                   : "Give the read lock back before asking for the write lock.";
    return "Take these locks in the same order in every thread, or take them all under one further "
           "lock.";
}

static void explain(const struct an_context *ctx, struct sn_finding *finding,
                    const struct circle *circle, size_t behind)
{
    struct sn_text text = {0};
    size_t count = circle->of.count;
    for (size_t i = 0; i < count; i++)
        tell_wait(ctx, &text, circle->of.at[i], circle->of.at[(i + count - 1) % count]);
    sn_text_printf(&text,
                   ": each waits for the next one and the last for the first, so that none "
                   "of the %zu can ever go on.",
                   count);
    if (is_open(circle))
        sn_text_puts(&text, " Nobody else could help: all other threads have ended, or wait, too.");
    if (behind)
        sn_text_printf(&text, " %zu further thread%s only because of them.", behind,
                       behind == 1 ? " waits" : "s wait");
    sn_text_printf(&text, AN_ADVICE "%s", advice(circle));
    finding->explanation = sn_strndup(&ctx->report->arena, text.at, text.length);
    sn_text_release(&text);
}

/* What may have come in between. */
static void doubt(const struct circles *circles, struct sn_finding *finding,
                  const struct circle *circle)
{
    const struct an_context *ctx = circles->ctx;
    bool open = is_open(circle), sure = !open || !an_lost_events(ctx->reader);
    for (size_t i = 0; i < circle->of.count; i++)
        sure &= an_waits_surely(circle->of.at[i]);
    if (!sure) {
        an_doubt(ctx, finding, "which may have ended one of these waits");
    } else if (open && circles->still.may_be_helped) {
        finding->level = SN_POSSIBLE;
        finding->reason = "a signal handler of the program may yet end one of these waits";
    }
}

static size_t blame_all_behind(struct circles *circles, struct sn_finding *finding);

static void tell_circle(struct circles *circles, struct circle *circle)
{
    const struct an_context *ctx = circles->ctx;
    turn(circle);
    size_t count = circle->of.count;
    uint64_t key = 0;
    struct sn_finding *finding = an_finding(ctx, SN_DEADLOCK, SN_OBSERVED);
    finding->title =
        sn_sprintf(&ctx->report->arena, "deadlock: %zu threads wait for each other", count);
    for (size_t i = 0; i < count; i++) {
        struct an_thread *thread = circle->of.at[i];
        add_party(ctx, finding, thread, circle->of.at[(i + count - 1) % count]);
        thread->blamed = finding;
        if (thread->wait.object)
            key = an_object_set_key(key, thread->wait.object);
    }
    doubt(circles, finding, circle);
    *sn_map_at(circles->observed, key) = 1;
    explain(ctx, finding, circle, blame_all_behind(circles, finding));
}

/* Circles of locks, joins and onces. -------------------------------------------------------------
 */

enum color { UNSEEN, ON_PATH, DONE };

/* Goes on from the end of PATH; leaves a circle in PATH, and says so, if it comes round. */
static bool search(struct circle *path, uint8_t *color, const struct an_thread *thread)
{
    struct an_thread_list blockers = {0};
    an_blockers(thread, &blockers);
    for (size_t i = 0; i < blockers.of.count; i++) {
        struct an_thread *next = blockers.of.at[i];
        if (next == thread || next->blamed || !an_waits_for_ever(next) ||
            color[next->index] == DONE)
            continue;
        bool round = color[next->index] == ON_PATH;
        if (round)
            while (path->of.at[0] != next)
                vec_remove(&path->of, 0);
        else
            *vec_push(&path->of) = next;
        color[next->index] = ON_PATH;
        if (round || search(path, color, next)) {
            vec_release(&blockers.of);
            return true;
        }
    }
    vec_release(&blockers.of);
    color[thread->index] = DONE;
    (void)vec_pop(&path->of);
    return false;
}

static void find_sure(struct circles *circles)
{
    struct an_world *world = circles->ctx->world;
    uint8_t *color = sn_calloc(world->threads.all.count + 1, 1);
    struct circle path = {0};
    vec_each (struct an_thread *, thread, &world->threads.all) {
        if (color[(*thread)->index] != UNSEEN || (*thread)->blamed || !an_waits_for_ever(*thread))
            continue;
        vec_clear(&path.of);
        *vec_push(&path.of) = *thread;
        color[(*thread)->index] = ON_PATH;
        if (!search(&path, color, *thread))
            continue;
        tell_circle(circles, &path);
        memset(color, UNSEEN, world->threads.all.count); /* those on the way to it are blamed */
    }
    vec_release(&path.of);
    free(color);
}

/* Circles through what anybody could give. -------------------------------------------------------
 */

/* Was THREAD's condition signalled at a time when nobody heard? Then that is what is wrong, unless
 * it keeps somebody off. */
static bool may_have_missed(const struct an_thread *thread)
{
    return thread->wait.kind == AN_WAIT_COND && thread->wait.object->condition.signals_unheard;
}

/* Do both wait for the same? */
static bool is_at_same(const struct an_thread *one, const struct an_thread *other)
{
    return one->wait.kind == other->wait.kind && one->wait.what == other->wait.what &&
           one->wait.object == other->wait.object && one->wait.on == other->wait.on;
}

/* Might GIVER have been the one to end THREAD's wait? */
static bool would_give(const struct circles *circles, const struct an_thread *thread,
                       const struct an_thread *giver)
{
    const struct an_object *object = thread->wait.object;
    if (giver == thread || !an_is_past_help(&circles->still, giver) || is_at_same(thread, giver))
        return false;
    const struct an_thread *holder =
        thread->wait.kind == AN_WAIT_SEM ? an_semaphore_holder(object) : NULL;
    if (holder)
        return holder == giver;
    if (an_waits_for_anybody(giver) && (may_have_missed(thread) || may_have_missed(giver)))
        return false;
    bool unknown = !object || thread->wait.what == TR_BLOCK_OUTPUT; /* who gives, who gets */
    if (unknown || an_object_given_by(circles->ctx->world, object, giver))
        return true;
    const uint64_t *idle = sn_map_find(&circles->idle, object->id);
    return object->givers == (idle ? *idle : 0);
}

/* Fills LIST with those for which THREAD, which is past help, may be said to wait. */
static void givers(const struct circles *circles, const struct an_thread *thread,
                   struct an_thread_list *list)
{
    an_blockers(thread, list);
    if (!an_waits_for_anybody(thread))
        return;
    vec_each (struct an_thread *, giver, &circles->ctx->world->threads.all)
        if (would_give(circles, thread, *giver))
            *vec_push(&list->of) = *giver;
}

/* A step of a breadth-first search, which comes to a thread twice at most: KEEPS says that on the
 * way somebody is kept off a lock, or a wait for something else is open, so that more is wrong than
 * one wait whose end did not come. */
struct step {
    struct an_thread *thread;
    bool keeps;
    size_t before; /* number of the step before it */
};

struct steps {
    VEC(struct step) of;
    bool *seen; /* by 2 * index + keeps */
};

/* Does it say more than that the first thread waits, when the one BEFORE it waits for NEXT? */
static bool keeps(const struct an_thread *first, const struct an_thread *before,
                  const struct an_thread *next)
{
    return before->wait.kind == AN_WAIT_LOCK || before->wait.kind == AN_WAIT_ONCE ||
           (before->wait.kind == AN_WAIT_SEM && an_semaphore_holder(before->wait.object)) ||
           (an_waits_for_anybody(next) && !is_at_same(next, first));
}

/* The way to the last of STEPS, if it meets each thread once. */
static bool read_back(const struct steps *steps, size_t at, struct circle *circle)
{
    vec_clear(&circle->of);
    for (;; at = steps->of.at[at].before) {
        for (size_t i = 0; i < circle->of.count; i++)
            if (circle->of.at[i] == steps->of.at[at].thread)
                return false;
        *vec_push(&circle->of) = steps->of.at[at].thread;
        if (!at)
            break;
    }
    for (size_t i = 0, k = circle->of.count - 1; i < k; i++, k--) {
        struct an_thread *first = circle->of.at[i];
        circle->of.at[i] = circle->of.at[k];
        circle->of.at[k] = first;
    }
    return true;
}

static bool step_on(struct circles *circles, struct steps *steps, size_t at, struct circle *circle)
{
    struct an_thread *first = steps->of.at[0].thread, *thread = steps->of.at[at].thread;
    bool kept = steps->of.at[at].keeps, round = false;
    struct an_thread_list next = {0};
    givers(circles, thread, &next);
    for (size_t i = 0; i < next.of.count && !round; i++) {
        struct an_thread *to = next.of.at[i];
        bool now = kept || keeps(first, thread, to);
        if (to == first)
            round = now && at && read_back(steps, at, circle);
        if (to == first || to->blamed || !an_is_past_help(&circles->still, to) ||
            steps->seen[2 * to->index + now])
            continue;
        steps->seen[2 * to->index + now] = true;
        *vec_push(&steps->of) = (struct step){to, now, at};
    }
    vec_release(&next.of);
    return round;
}

/* The shortest circle through THREAD. */
static bool find_round(struct circles *circles, struct an_thread *thread, struct circle *circle)
{
    struct steps steps = {.seen = sn_calloc(2 * circles->still.count + 2, sizeof *steps.seen)};
    bool round = false;
    *vec_push(&steps.of) = (struct step){.thread = thread};
    for (size_t at = 0; at < steps.of.count && !round; at++)
        round = step_on(circles, &steps, at, circle);
    vec_release(&steps.of);
    free(steps.seen);
    return round;
}

/* As an_blame_waiters, also those for which one with FINDING would have been the one to help. */
static size_t blame_all_behind(struct circles *circles, struct sn_finding *finding)
{
    struct an_world *world = circles->ctx->world;
    struct an_thread_list next = {0};
    size_t blamed = an_blame_waiters(world, finding), before;
    do {
        before = blamed;
        vec_each (struct an_thread *, thread, &world->threads.all) {
            if ((*thread)->blamed || !an_is_past_help(&circles->still, *thread))
                continue;
            givers(circles, *thread, &next);
            for (size_t i = 0; i < next.of.count && !(*thread)->blamed; i++)
                if (next.of.at[i]->blamed == finding)
                    (*thread)->blamed = finding;
            blamed += (*thread)->blamed != NULL;
        }
    } while (blamed != before);
    vec_release(&next.of);
    return blamed;
}

/* Where a handler may wake somebody, it may well be that everybody waits for that, and rightly. */
static bool is_worth_telling(const struct circles *circles, const struct circle *circle)
{
    return !circles->still.may_be_helped || has(circle, AN_WAIT_LOCK) || has(circle, AN_WAIT_ONCE);
}

static void find_open(struct circles *circles)
{
    struct circle circle = {0};
    vec_each (struct an_thread *, thread, &circles->ctx->world->threads.all)
        if (!(*thread)->blamed && an_waits_for_anybody(*thread) &&
            an_is_past_help(&circles->still, *thread) && find_round(circles, *thread, &circle) &&
            is_worth_telling(circles, &circle))
            tell_circle(circles, &circle);
    vec_release(&circle.of);
}

static void count_idle(struct circles *circles)
{
    const struct an_world *world = circles->ctx->world;
    vec_each (struct an_thread *, thread, &world->threads.all)
        if (an_waits_for_anybody(*thread) && (*thread)->wait.object &&
            an_object_given_by(world, (*thread)->wait.object, *thread))
            ++*sn_map_at(&circles->idle, (*thread)->wait.object->id);
}

void an_circles_tell(struct an_context *ctx, struct sn_map *observed)
{
    struct circles circles = {.ctx = ctx, .observed = observed};
    an_standstill_find(ctx->world, &circles.still);
    count_idle(&circles);
    find_sure(&circles);
    find_open(&circles);
    sn_map_release(&circles.idle);
    an_standstill_release(&circles.still);
}
