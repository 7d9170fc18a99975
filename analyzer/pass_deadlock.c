/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlocks. Observed: after the last event, threads that wait for each other in a circle
 * (circles.h). Possible: a cycle in the order in which locks were taken
 * (lock_order.h), on other locks than those of an observed one. Predicted: such a cycle of which a
 * sync-preserving order of the run reaches an instance (predict/patterns.h), with its witness; and
 * what is proved of joins, of semaphores that are used as locks, and of waits of which only one
 * thread could be the end (predict/awaits.h), which the lock order does not know. The last are
 * possible only.
 */
#include "analyzer/circles.h"
#include "analyzer/compose.h"
#include "analyzer/deadlock_story.h"
#include "analyzer/lock_order.h"
#include "analyzer/predict/awaits.h"
#include "analyzer/predict/patterns.h"
#include "analyzer/predict/semaphore_locks.h"
#include "analyzer/prediction.h"
#include "base/text.h"

#include <unistd.h>

struct deadlocks {
    struct an_context *ctx;
    struct an_lock_order order;
    struct an_rereads rereads;
    struct sn_map observed; /* sets of locks, as an_object_set_key */
    struct an_semaphore_locks semaphores;
    bool joined_holding;   /* somebody joined a thread while holding something */
    bool semaphore_wanted; /* somebody waited for such a semaphore while holding something, */
    bool semaphore_held;   /* or for something while holding such a semaphore */
    struct an_awaits awaits;
    struct an_prediction *prediction;
    struct an_patterns patterns; /* those that some order reaches */
    struct sn_map proved; /* what they wait for, as pattern_key, to the latest such pattern */
    struct sn_map told;   /* the same of those that the lock order does not know */
};

static bool wants(uint8_t kind)
{
    return kind == TR_ACQUIRE || kind == TR_JOIN || kind == TR_SEM_WAIT || kind == TR_SEM_POST ||
           kind == TR_COND_WAIT || kind == TR_COND_WAKE || kind == TR_COND_SIGNAL ||
           kind == TR_BARRIER_ENTER || kind == TR_BARRIER_EXIT;
}

static void *open_pass(struct an_context *ctx)
{
    struct deadlocks *deadlocks = sn_calloc(1, sizeof *deadlocks);
    deadlocks->ctx = ctx;
    deadlocks->order.world = ctx->world;
    deadlocks->rereads.order = &deadlocks->order;
    return deadlocks;
}

static void semaphore(struct deadlocks *deadlocks, bool post)
{
    const struct an_now *now = &deadlocks->ctx->world->now;
    if (!an_semaphore_may_be_lock(now->object))
        an_semaphore_locks_exclude(&deadlocks->semaphores, now->object->id);
    an_semaphore_locks_use(&deadlocks->semaphores, now->object->id, now->thread->index, post);
}

static void event(void *self, const struct tr_event *ev)
{
    struct deadlocks *deadlocks = self;
    const struct an_now *now = &deadlocks->ctx->world->now;
    bool waits = !(ev->mode & (TR_LOCK_TRY | TR_LOCK_TIMED));
    uint32_t semaphores = an_semaphore_locks_held(&deadlocks->semaphores, now->thread->index);
    uint32_t holds = (uint32_t)now->thread->held.count + semaphores;
    if (ev->kind == TR_ACQUIRE && waits)
        an_rereads_taken(&deadlocks->rereads, ev);
    an_awaits_note(&deadlocks->awaits, deadlocks->ctx->world, ev, holds);
    if (ev->kind == TR_JOIN) {
        deadlocks->joined_holding |= holds > 0;
    } else if (ev->kind == TR_SEM_WAIT || ev->kind == TR_SEM_POST) {
        deadlocks->semaphore_wanted |= waits && holds && ev->kind == TR_SEM_WAIT;
        deadlocks->semaphore_held |= waits && semaphores && ev->kind == TR_SEM_WAIT;
        semaphore(deadlocks, ev->kind == TR_SEM_POST);
    } else if (ev->kind == TR_ACQUIRE && now->outermost && waits) {
        deadlocks->semaphore_held |= semaphores > 0;
        an_lock_order_taken(&deadlocks->order);
    }
}

/* Of what is waited for: equal keys, the same story. */
static uint64_t pattern_key(const struct an_run *run, const struct an_pattern *pattern)
{
    enum { LOCK, JOINED, AWAITED };
    uint64_t key = 0;
    for (uint32_t i = 0; i < pattern->length; i++) {
        uint64_t kind = LOCK, number = run->ops.at[pattern->ops[i]].target;
        if (pattern->awaits >> i & 1) {
            kind = AWAITED;
            number = run->awaits.at[an_run_await(run, pattern->ops[i])].object;
        } else if (run->ops.at[pattern->ops[i]].kind == TR_OP_JOIN) {
            kind = JOINED;
        }
        key += sn_mix(kind << 32 | number);
    }
    return key;
}

/* The proofs are made once a pattern was found. */
static void prove_all(struct deadlocks *deadlocks)
{
    if (deadlocks->prediction)
        return;
    deadlocks->prediction = an_prediction_of(deadlocks->ctx);
    if (!deadlocks->prediction->made)
        return;
    const struct an_run *run = &deadlocks->prediction->run;
    an_patterns_find(run, deadlocks->ctx->options->deadlock_length,
                     AN_PATTERNS_PROVED | AN_PATTERNS_JOINS | AN_PATTERNS_WAITS,
                     (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &deadlocks->patterns);
    for (size_t i = 0; i < deadlocks->patterns.of.count; i++)
        *sn_map_at(&deadlocks->proved, pattern_key(run, &deadlocks->patterns.of.at[i])) = i;
}

/* Predicted, or possible. -----------------------------------------------------------------------
 */

static void tell_possible(struct deadlocks *deadlocks, const struct an_node *const *nodes,
                          uint32_t count, const char *reason)
{
    struct an_party parties[AN_PATTERN_LONGEST];
    for (uint32_t i = 0; i < count; i++) {
        const struct an_node *node = nodes[i], *before = nodes[(i + count - 1) % count];
        const struct an_held *held = an_node_holds(node, before->wanted);
        parties[i] = (struct an_party){.thread = node->thread,
                                       .holds = held->object,
                                       .wants = node->wanted,
                                       .hold_stack = held->stack,
                                       .want_stack = node->stack,
                                       .hold_index = held->index,
                                       .want_index = node->index};
    }
    an_deadlock_tell(deadlocks->ctx, parties, count, false)->reason = reason;
}

/* A wait of a proved pattern, as it was glimpsed. */
struct wait {
    const struct an_glimpse *at;
    bool awaits; /* what another party gives: see an_pattern */
};

/* What was glimpsed of such a pattern, by operation: steps of its witness, its waits, and what
 * ended these in the run. */
struct story {
    const struct an_prediction *prediction;
    const struct an_pattern *pattern;
    struct an_glimpse *glimpses;
    size_t count;
    struct wait waits[AN_PATTERN_LONGEST];
};

static struct an_glimpse *glimpse_of(const struct story *story, uint64_t op)
{
    size_t before = 0;
    while (before < story->count && story->glimpses[before].op != op)
        before++;
    return before < story->count ? &story->glimpses[before] : NULL;
}

/* The wait of WAIT's thread that NEXT's thread has to end; or NULL. */
static const struct an_await *await_of(const struct story *story, const struct wait *wait,
                                       const struct wait *next)
{
    const struct an_run *run = &story->prediction->run;
    uint32_t thread = run->ops.at[next->at->op].thread;
    for (size_t i = an_run_await(run, wait->at->op);
         wait->awaits && i < run->awaits.count && run->awaits.at[i].op == wait->at->op; i++)
        if (run->ops.at[run->awaits.at[i].wake].thread == thread)
            return &run->awaits.at[i];
    return NULL;
}

/* Where the thread of WAIT took OBJECT, if it still holds it when it waits; or NULL. */
static const struct an_glimpse *hold_of(const struct story *story, const struct an_glimpse *wait,
                                        const struct an_object *object)
{
    for (size_t i = (size_t)(wait - story->glimpses); object && i-- > 0;) {
        const struct an_glimpse *at = &story->glimpses[i];
        unsigned kind = story->prediction->run.ops.at[at->op].kind;
        if (at->thread == wait->thread && at->object == object &&
            (tr_op_acquires(kind) || tr_op_releases(kind)))
            return tr_op_acquires(kind) ? at : NULL;
    }
    return NULL;
}

static struct an_party party_of(const struct an_glimpse *wait, const struct an_glimpse *hold)
{
    bool join = wait->kind == TR_JOIN;
    return (struct an_party){
        .thread = wait->thread,
        .holds = hold ? hold->object : NULL,
        .wants = join ? NULL : wait->object,
        .joins = join ? wait->other : NULL,
        .hold_stack = hold ? hold->access.stack : 0,
        .want_stack = wait->access.stack,
        .hold_index = hold ? hold->access.index : 0,
        .want_index = wait->access.index,
    };
}

/* Does WAIT wait for NEXT's thread? Then HOLD is where that took what WAIT wants, or NULL. */
static bool waits_for(const struct story *story, const struct wait *wait, const struct wait *next,
                      const struct an_glimpse **hold)
{
    *hold = NULL;
    if (wait->awaits)
        return await_of(story, wait, next);
    if (wait->at->kind == TR_JOIN)
        return wait->at->other == next->at->thread;
    *hold = hold_of(story, next->at, wait->at->object);
    return *hold;
}

static void tell_wake(const struct story *story, const struct wait *wait, const struct wait *next,
                      struct an_party *party)
{
    const struct an_await *await = await_of(story, wait, next);
    const struct an_glimpse *wake = await ? glimpse_of(story, await->wake) : NULL;
    if (!wake)
        return;
    party->woken_by = wake->kind;
    party->wake_stack = wake->access.stack;
    party->wake_index = wake->access.index;
}

/* Puts waits and PARTIES in order: each waits for the next one. False if they are no circle after
 * all. */
static bool line_up(struct story *story, struct an_party *parties)
{
    uint32_t length = story->pattern->length;
    for (uint32_t i = 0; i < length; i++) {
        const struct an_glimpse *hold = NULL;
        uint32_t behind = (i + 1) % length, next = behind;
        while (!waits_for(story, &story->waits[i], &story->waits[next], &hold))
            if (!behind || ++next == length)
                return false;
        struct wait found = story->waits[next];
        story->waits[next] = story->waits[behind];
        story->waits[behind] = found;
        parties[behind] = party_of(found.at, hold);
    }
    for (uint32_t i = 0; i < length; i++)
        tell_wake(story, &story->waits[i], &story->waits[(i + 1) % length], &parties[i]);
    return true;
}

/* Is a step about the cycle? Others only lead past it. */
static bool concerns(const struct an_glimpse *glimpse, const struct an_party *parties,
                     uint32_t count)
{
    for (uint32_t i = 0; glimpse->object && i < count; i++)
        if (parties[i].holds == glimpse->object || parties[i].wants == glimpse->object)
            return true;
    return !glimpse->object;
}

/* The waits of PATTERN and what ended them, appended to STEPS. */
static void add_waits(const struct an_run *run, const struct an_pattern *pattern,
                      struct an_steps *steps)
{
    for (uint32_t i = 0; i < pattern->length; i++) {
        uint64_t op = pattern->ops[i];
        *vec_push(&steps->of) = op;
        for (size_t k = an_run_await(run, op); k < run->awaits.count && run->awaits.at[k].op == op;
             k++)
            *vec_push(&steps->of) = run->awaits.at[k].wake;
    }
}

/* A wait for a condition is shown as that, also where its mutex was taken again first. */
static void show_condition(const struct story *story, struct an_glimpse *wait)
{
    const struct an_run *run = &story->prediction->run;
    uint32_t object = run->awaits.at[an_run_await(run, wait->op)].object;
    if (wait->kind != TR_ACQUIRE)
        return;
    wait->kind = TR_COND_WAKE;
    wait->object = story->prediction->world.objects.all.at[object - 1];
}

static void look(struct an_prediction *prediction, const struct an_steps *steps,
                 struct story *story)
{
    const struct an_pattern *pattern = story->pattern;
    for (size_t i = 0; i < story->count; i++)
        story->glimpses[i].op = steps->of.at[i];
    an_prediction_look(prediction, story->glimpses, story->count);
    for (uint32_t i = 0; i < pattern->length; i++) {
        struct an_glimpse *at = glimpse_of(story, pattern->ops[i]);
        story->waits[i] = (struct wait){at, pattern->awaits >> i & 1};
        if (story->waits[i].awaits)
            show_condition(story, at);
    }
}

/* The first SHOWN of STEPS are of the witness. */
static void tell_parties(const struct story *story, const struct an_party *parties,
                         const struct an_steps *steps, size_t shown)
{
    const struct an_prediction *prediction = story->prediction;
    const struct an_pattern *pattern = story->pattern;
    bool proved = !prediction->why_not;
    struct sn_finding *finding =
        an_deadlock_tell(&prediction->ctx, parties, pattern->length, proved);
    finding->reason = proved ? an_deadlock_reason(&prediction->ctx, parties, pattern->length)
                             : prediction->why_not;
    for (size_t i = 0; proved && i < shown; i++) {
        const struct an_glimpse *step = glimpse_of(story, steps->of.at[i]);
        if (concerns(step, parties, pattern->length))
            an_prediction_tell_step(prediction, finding, step, false);
    }
    for (uint32_t i = 0; proved && i < pattern->length; i++)
        an_prediction_tell_step(prediction, finding, glimpse_of(story, pattern->ops[i]), true);
}

static bool tell_proved(struct deadlocks *deadlocks, const struct an_pattern *pattern,
                        const struct an_witness *witness)
{
    struct an_prediction *prediction = deadlocks->prediction;
    struct an_steps steps = {0};
    struct an_party parties[AN_PATTERN_LONGEST];
    an_prediction_steps(prediction, witness, &steps);
    size_t shown = steps.of.count;
    add_waits(&prediction->run, pattern, &steps);
    struct story story = {.prediction = prediction,
                          .pattern = pattern,
                          .glimpses = sn_calloc(steps.of.count, sizeof *story.glimpses),
                          .count = steps.of.count};
    look(prediction, &steps, &story);
    bool lined_up = line_up(&story, parties);
    if (lined_up)
        tell_parties(&story, parties, &steps, shown);
    free(story.glimpses);
    vec_release(&steps.of);
    return lined_up;
}

/* A pattern that the lock order has found: whether some order leads there. */
static void tell_pattern(void *self, const struct an_node *const *nodes, uint32_t count)
{
    struct deadlocks *deadlocks = self;
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++)
        key = an_object_set_key(key, nodes[i]->wanted);
    if (sn_map_find(&deadlocks->observed, key))
        return;
    const char *reason = "the order of the locks is a pattern of a deadlock; it is not proved that "
                         "a run can reach it";
    prove_all(deadlocks);
    if (deadlocks->prediction->why_not)
        reason = sn_sprintf(&deadlocks->ctx->report->arena, "%s; %s", reason,
                            deadlocks->prediction->why_not);
    uint64_t *number = sn_map_find(&deadlocks->proved, key);
    if (!number && deadlocks->prediction->run.cut)
        reason = sn_sprintf(&deadlocks->ctx->report->arena,
                            "%s; the trace is too long to look at all of it", reason);
    if (number && !deadlocks->prediction->why_not) {
        const struct an_pattern *pattern = &deadlocks->patterns.of.at[*number];
        struct an_witness witness = {0};
        enum an_proof proof = an_prediction_prove(deadlocks->prediction, pattern->ops,
                                                  pattern->length, true, &witness);
        bool told = proof == AN_PROVED && tell_proved(deadlocks, pattern, &witness);
        an_witness_release(&witness);
        if (told)
            return;
        if (proof == AN_UNKNOWN)
            reason = "whether a run can reach it depends on what was not recorded, or on reads of "
                     "which nobody knows what they read";
    }
    if (!deadlocks->ctx->options->only_proved_deadlocks)
        tell_possible(deadlocks, nodes, count, reason);
}

static bool is_of_locks(const struct deadlocks *deadlocks, const struct an_pattern *pattern)
{
    const struct an_run *run = &deadlocks->prediction->run;
    for (uint32_t i = 0; i < pattern->length; i++) {
        struct tr_op op = run->ops.at[pattern->ops[i]];
        if (pattern->awaits || op.kind == TR_OP_JOIN ||
            deadlocks->ctx->world->objects.all.at[op.target - 1]->type == TR_TYPE_SEM)
            return false;
    }
    return true;
}

/* Where accesses were not recorded, nobody knows on what depends that a thread waits at all. */
static bool is_worth_proving(const struct deadlocks *deadlocks, const struct an_pattern *pattern)
{
    return !is_of_locks(deadlocks, pattern) && !(pattern->awaits && deadlocks->prediction->why_not);
}

/* Cycles that the lock order does not know are told only where they are proved, as far as the trace
 * goes. */
static void tell_others(struct deadlocks *deadlocks)
{
    prove_all(deadlocks);
    if (!deadlocks->prediction->made)
        return;
    vec_each (const struct an_pattern, pattern, &deadlocks->patterns.of) {
        uint64_t key = pattern_key(&deadlocks->prediction->run, pattern);
        struct an_witness witness = {0};
        if (is_worth_proving(deadlocks, pattern) && !sn_map_find(&deadlocks->told, key) &&
            an_prediction_prove(deadlocks->prediction, pattern->ops, pattern->length, true,
                                &witness) == AN_PROVED &&
            tell_proved(deadlocks, pattern, &witness))
            *sn_map_at(&deadlocks->told, key) = 1;
        an_witness_release(&witness);
    }
}

static void tell_reread(void *self, const struct an_reread *reader, const struct an_node *writer)
{
    const struct deadlocks *deadlocks = self;
    if (!reader->node->thread->blamed && !writer->thread->blamed)
        an_deadlock_tell_reread(deadlocks->ctx, reader, writer);
}

static void finish(void *self)
{
    struct deadlocks *deadlocks = self;
    struct an_context *ctx = deadlocks->ctx;
    an_circles_tell(ctx, &deadlocks->observed);
    an_lock_order_waiting(&deadlocks->order);
    an_lock_order_cycles(&deadlocks->order, ctx->options->deadlock_length, tell_pattern, deadlocks);
    an_rereads_tell(&deadlocks->rereads, tell_reread, deadlocks);
    if (deadlocks->joined_holding || (deadlocks->semaphore_wanted && deadlocks->semaphore_held) ||
        an_awaits_any(&deadlocks->awaits, ctx->world))
        tell_others(deadlocks);
    if (deadlocks->order.exhausted)
        *vec_push(&ctx->report->notes) =
            "the order of locks has too many cycles to look at all of them";
}

static void close_pass(void *self)
{
    struct deadlocks *deadlocks = self;
    an_rereads_release(&deadlocks->rereads);
    an_lock_order_release(&deadlocks->order);
    sn_map_release(&deadlocks->observed);
    sn_map_release(&deadlocks->proved);
    sn_map_release(&deadlocks->told);
    an_semaphore_locks_release(&deadlocks->semaphores);
    an_awaits_release(&deadlocks->awaits);
    an_patterns_release(&deadlocks->patterns);
    free(deadlocks);
}

const struct an_analysis an_deadlock = {
    .name = "deadlock",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
