/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/prediction.h"

#include "analyzer/coverage.h"
#include "analyzer/predict/collect.h"

enum { STEPS_OF_A_PARTY = 6 };

/* Which code is known. --------------------------------------------------------------------------
 */

static bool leads_through_unknown(const struct an_prediction *prediction, uint32_t number)
{
    struct tr_stack stack = tr_reader_stack(prediction->ctx.reader, number);
    for (uint32_t i = 0; i < stack.count; i++) {
        const struct tr_module *module =
            tr_reader_module_at(prediction->ctx.reader, stack.pcs[i] - 1);
        if (module && module->access_source == TR_SOURCE_NONE && module->path &&
            !an_is_runtime(module->path))
            return true;
    }
    return false;
}

static bool is_unknown(void *data, const struct tr_event *ev)
{
    struct an_prediction *prediction = data;
    while (prediction->stacks.count <= ev->stack)
        (void)vec_push(&prediction->stacks);
    uint8_t *known = &prediction->stacks.at[ev->stack];
    if (!*known)
        *known = leads_through_unknown(prediction, ev->stack) ? 2 : 1;
    return *known == 2;
}

/* Begin and end. --------------------------------------------------------------------------------
 */

static bool is_missing_a_part(const struct an_context *ctx)
{
    return tr_reader_lost(ctx->reader) || tr_reader_header(ctx->reader)->ring_lost;
}

const char *an_prediction_why_not(const struct an_context *ctx)
{
    const struct tr_header *header = tr_reader_header(ctx->reader);
    if (header->access_source == TR_SOURCE_NONE)
        return "accesses were not recorded, so nobody knows what each thread's way depends on";
    if (is_missing_a_part(ctx))
        return "a part of the trace is missing, and with it what each thread's way depends on";
    return NULL;
}

static void find_places(struct an_prediction *prediction)
{
    const struct an_run *run = &prediction->run;
    struct an_places places;
    prediction->places = sn_malloc((run->ops.count + 1) * sizeof *prediction->places);
    an_places_init(&places, run);
    for (size_t i = 0; i < run->ops.count; i++)
        prediction->places[i] = an_places_next(&places, run, i);
    an_places_release(&places);
}

static struct an_prediction *open_prediction(struct an_context *ctx)
{
    struct an_prediction *prediction = sn_calloc(1, sizeof *prediction);
    prediction->ctx = *ctx;
    prediction->ctx.world = &prediction->world;
    prediction->why_not = an_prediction_why_not(ctx);
    if (is_missing_a_part(ctx))
        return prediction;
    const struct an_sights *sights = &ctx->world->sights;
    bool in_order = !ctx->options->relation; /* of sections: else all accesses are needed */
    struct an_collect_options options = {.bounded = true,
                                         .suspects =
                                             sights->wanted && in_order ? &sights->suspects : NULL,
                                         .unknown = prediction->why_not ? NULL : is_unknown,
                                         .data = prediction};
    struct sn_error err;
    if (an_collect(ctx->reader, &options, &prediction->world, &prediction->run, &err) < 0) {
        prediction->why_not = "the trace cannot be read again";
        return prediction;
    }
    prediction->made = true;
    if (prediction->run.cut)
        *vec_push(&ctx->report->notes) = sn_sprintf(
            &ctx->report->arena,
            "only the first %llu of %llu events were looked at for what another order would do: "
            "more does not fit into memory",
            (unsigned long long)prediction->run.cut, (unsigned long long)ctx->world->events);
    find_places(prediction);
    an_sync_index_build(&prediction->index, &prediction->run);
    an_ideal_init(&prediction->ideal, &prediction->index);
    return prediction;
}

struct an_prediction *an_prediction_of(struct an_context *ctx)
{
    if (!ctx->prediction)
        ctx->prediction = open_prediction(ctx);
    return ctx->prediction;
}

void an_prediction_free(struct an_prediction *prediction)
{
    if (!prediction)
        return;
    if (prediction->osr)
        an_osr_close(prediction->osr);
    if (prediction->made) {
        an_ideal_release(&prediction->ideal);
        an_sync_index_release(&prediction->index);
    }
    an_world_release(&prediction->world);
    an_run_release(&prediction->run);
    vec_release(&prediction->stacks);
    free(prediction->places);
    free(prediction);
}

/* Glimpses. -------------------------------------------------------------------------------------
 */

static int by_op(const void *left, const void *right)
{
    const struct an_glimpse *a = left, *b = right;
    return a->op < b->op ? -1 : a->op > b->op;
}

static void glimpse_before(struct an_prediction *prediction, struct an_glimpse *glimpse)
{
    struct an_world *world = &prediction->world;
    struct tr_op op = prediction->run.ops.at[glimpse->op];
    if (op.target >= prediction->run.addresses.count || !tr_op_is_access(op.kind))
        return;
    uint64_t address = prediction->run.addresses.at[op.target];
    glimpse->variable = an_variable(&prediction->ctx, address, 0);
    glimpse->benign = an_benign_holds(&world->benign, address);
}

static unsigned flags_of(const struct tr_event *ev, struct tr_op op)
{
    unsigned flags = tr_op_writes(op.kind) ? AN_WRITE : 0;
    flags |= tr_is_atomic(ev->kind) ? AN_ATOMIC : 0;
    flags |= ev->kind == TR_FREE ? AN_FREE : 0;
    flags |= tr_is_access(ev->kind) && ev->mode & TR_ACC_MAY_BE_ATOMIC ? AN_MAY_BE_ATOMIC : 0;
    return flags;
}

static uint64_t size_of(const struct tr_event *ev)
{
    bool whole = ev->kind == TR_READ_RANGE || ev->kind == TR_WRITE_RANGE || ev->kind == TR_FREE;
    return whole ? ev->a0 : tr_access_size(ev->mode);
}

static void glimpse_behind(struct an_prediction *prediction, struct an_glimpse *glimpse,
                           const struct tr_event *ev)
{
    struct an_world *world = &prediction->world;
    struct an_thread *thread = world->now.thread;
    uint64_t size = size_of(ev);
    glimpse->kind = ev->kind;
    glimpse->mode = ev->mode;
    glimpse->thread = thread;
    glimpse->object = world->now.object;
    if (ev->kind == TR_THREAD_CREATE || ev->kind == TR_JOIN || ev->kind == TR_THREAD_CANCEL)
        glimpse->other = an_thread_find(world, (uint32_t)ev->a0);
    glimpse->access = (struct an_access){
        .index = ev->index,
        .thread = thread->index,
        .stack = ev->stack,
        .lockset = an_thread_lockset(world, thread),
        .size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
        .flags = (uint8_t)flags_of(ev, prediction->run.ops.at[glimpse->op]),
    };
}

/* Events that come with another one where a line of text is several. */
static bool prepares(uint8_t kind)
{
    return kind == TR_THREAD_START || kind == TR_THREAD_NAME || kind == TR_OBJECT_NEW ||
           kind == TR_REQUEST;
}

void an_prediction_look(struct an_prediction *prediction, struct an_glimpse *glimpses, size_t count)
{
    const struct an_run *run = &prediction->run;
    struct tr_event ev;
    struct sn_error err;
    if (!count)
        return;
    qsort(glimpses, count, sizeof *glimpses, by_op);
    an_world_release(&prediction->world);
    an_world_init(&prediction->world, prediction->ctx.reader);
    prediction->world.light = true;
    tr_reader_rewind(prediction->ctx.reader);
    for (size_t next = 0; tr_reader_next(prediction->ctx.reader, &ev, &err) > 0;) {
        size_t end = next;
        while (end < count && !prepares(ev.kind) &&
               an_run_event(run, glimpses[end].op) == an_event_number(prediction->ctx.reader, &ev))
            glimpse_before(prediction, &glimpses[end++]);
        an_world_event(&prediction->world, &ev);
        for (; next < end; next++)
            glimpse_behind(prediction, &glimpses[next], &ev);
    }
}

/* Proofs. ---------------------------------------------------------------------------------------
 */

/* A witness was refused: the analyses are wrong, or the trace is. */
static void tell_refused(struct an_prediction *prediction, const struct an_witness *witness,
                         const struct sn_error *why)
{
    struct sn_report *report = prediction->ctx.report;
    struct sn_error err;
    if (an_witness_check_run(witness, &prediction->run, &err) == 0) {
        *vec_push(&report->notes) =
            sn_sprintf(&report->arena,
                       "internal error, please report it: at event %llu the witness is wrong: %s",
                       (unsigned long long)why->offset, why->text);
    } else if (!prediction->contradicted) {
        prediction->contradicted = true;
        *vec_push(&report->notes) = sn_sprintf(&report->arena,
                                               "the trace contradicts itself: at event %llu %s; "
                                               "what would rest on it is not predicted",
                                               (unsigned long long)err.offset, err.text);
    }
}

static enum an_proof check(struct an_prediction *prediction, const uint64_t *goal, size_t count,
                           bool deadlock, struct an_witness *witness)
{
    const struct an_run *run = &prediction->run;
    vec_clear(&witness->goal);
    for (size_t i = 0; i < count; i++)
        *vec_push(&witness->goal) = goal[i];
    witness->deadlock = deadlock;
    struct sn_error err;
    if (an_witness_check(witness, run, &err) == 0)
        return AN_PROVED;
    tell_refused(prediction, witness, &err);
    return AN_NOT_PROVED;
}

/* The last place of the epoch of GOAL, an access. */
static uint32_t end_of_epoch(const struct an_prediction *prediction, uint64_t goal)
{
    const struct an_run *run = &prediction->run;
    uint32_t thread = run->ops.at[goal].thread, place = prediction->places[goal];
    for (size_t i = goal + 1; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        if (op.thread != thread)
            continue;
        if (!tr_op_is_access(op.kind) && op.kind != TR_OP_UNKNOWN)
            break;
        place = prediction->places[i];
    }
    return place;
}

/* Grows the ideal by what a deferred access may stand behind: what the other ones of its epoch have
 * read. */
static bool reach_epoch(struct an_prediction *prediction, uint64_t goal)
{
    const struct an_run *run = &prediction->run;
    if (!run->deferred.count || !run->deferred.at[goal])
        return true;
    uint32_t end = end_of_epoch(prediction, goal);
    const struct an_index_thread *thread = &prediction->index.thread[run->ops.at[goal].thread];
    for (size_t i = vec_count_while(struct an_step, step, &thread->steps,
                                    step->place <= prediction->places[goal]);
         i < thread->steps.count && thread->steps.at[i].place <= end; i++) {
        const struct an_step *step = &thread->steps.at[i];
        if (step->kind == AN_STEP_UNKNOWN ||
            (step->kind == AN_STEP_AFTER &&
             !an_ideal_reach(&prediction->ideal, step->target, step->after)))
            return false;
    }
    return true;
}

/* Grows the ideal, which is empty, by what comes before the goals. */
static bool reach_all(struct an_prediction *prediction, const uint64_t *goal, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!an_ideal_reach(&prediction->ideal, prediction->run.ops.at[goal[i]].thread,
                            prediction->places[goal[i]] - 1))
            return false;
    return true;
}

static bool holds_none(const struct an_prediction *prediction, const uint64_t *goal, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (prediction->ideal.place[prediction->run.ops.at[goal[i]].thread] >=
            prediction->places[goal[i]])
            return false;
    return true;
}

/* Do the goals come about wherever in their epochs they stand? */
static bool at_any_place(struct an_prediction *prediction, const uint64_t *goal, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!reach_epoch(prediction, goal[i]))
            return false;
    return holds_none(prediction, goal, count) && !prediction->ideal.unknown;
}

enum an_proof an_prediction_prove(struct an_prediction *prediction, const uint64_t *goal,
                                  size_t count, bool deadlock, struct an_witness *witness)
{
    struct an_ideal *ideal = &prediction->ideal;
    const struct an_run *run = &prediction->run;
    an_ideal_clear(ideal);
    if (!reach_all(prediction, goal, count) || !holds_none(prediction, goal, count))
        return AN_NOT_PROVED;
    if (ideal->unknown)
        return AN_UNKNOWN;
    an_witness_of_cut(witness, run, ideal->place);
    if (!at_any_place(prediction, goal, count))
        return AN_UNKNOWN;
    return check(prediction, goal, count, deadlock, witness);
}

/* Does any of OPS hang on what nobody knows? */
static bool any_unknown(const struct an_run *run, const struct an_reordering *order)
{
    vec_each (const uint64_t, op, &order->ops)
        if (run->ops.at[*op].kind == TR_OP_UNKNOWN || (run->doubts.count && run->doubts.at[*op]))
            return true;
    return false;
}

enum an_proof an_prediction_prove_reversed(struct an_prediction *prediction, uint64_t first,
                                           uint64_t second, struct an_witness *witness)
{
    const struct an_run *run = &prediction->run;
    struct an_reordering order = {0};
    enum an_proof proof = AN_NOT_PROVED;
    if (!prediction->osr)
        prediction->osr = an_osr_open(run);
    if (an_osr_pair(prediction->osr, first, second, &order)) {
        /* Where sections change places it matters when the accesses that were left out happened. */
        proof = run->filtered || any_unknown(run, &order) ? AN_UNKNOWN : AN_PROVED;
        vec_clear(&witness->order);
        vec_each (const uint64_t, op, &order.ops)
            *vec_push(&witness->order) = *op;
    }
    vec_release(&order.ops);
    const uint64_t goal[] = {first, second};
    return proof == AN_PROVED ? check(prediction, goal, 2, false, witness) : proof;
}

/* Steps. ----------------------------------------------------------------------------------------
 */

static bool is_party(const struct an_run *run, const struct an_witness *witness, uint32_t thread)
{
    vec_each (const uint64_t, goal, &witness->goal)
        if (run->ops.at[*goal].thread == thread)
            return true;
    return false;
}

/* Going back from the end: has THREAD given back LOCK later? */
struct given_back {
    VEC(uint64_t) of; /* thread << 32 | lock */
};

static bool is_open(struct given_back *given, struct tr_op op)
{
    uint64_t key = (uint64_t)op.thread << 32 | op.target;
    for (size_t i = given->of.count; i-- > 0;)
        if (given->of.at[i] == key) {
            vec_remove(&given->of, i);
            return false;
        }
    return true;
}

void an_prediction_steps(const struct an_prediction *prediction, const struct an_witness *witness,
                         struct an_steps *steps)
{
    const struct an_run *run = &prediction->run;
    struct given_back given = {0};
    struct sn_map told = {0}; /* how many of each party */
    size_t begin = steps->of.count;
    for (size_t i = witness->order.count; i-- > 0;) {
        struct tr_op op = run->ops.at[witness->order.at[i]];
        if (tr_op_is_access(op.kind) || op.kind == TR_OP_NONE || op.kind == TR_OP_UNKNOWN ||
            op.kind == TR_OP_PUBLISH || op.kind == TR_OP_OBSERVE ||
            !is_party(run, witness, op.thread))
            continue;
        if (tr_op_releases(op.kind))
            *vec_push(&given.of) = (uint64_t)op.thread << 32 | op.target;
        bool open = tr_op_acquires(op.kind) && is_open(&given, op);
        if (open || (*sn_map_at(&told, op.thread))++ < STEPS_OF_A_PARTY)
            *vec_push(&steps->of) = witness->order.at[i];
    }
    for (size_t end = steps->of.count; begin + 1 < end; begin++) {
        uint64_t last = steps->of.at[--end];
        steps->of.at[end] = steps->of.at[begin];
        steps->of.at[begin] = last;
    }
    vec_release(&given.of);
    sn_map_release(&told);
}

static const char *lock_verb(const struct an_glimpse *glimpse)
{
    switch (glimpse->kind) {
    case TR_ACQUIRE:
        return "lock";
    case TR_RELEASE:
        return "unlock";
    case TR_COND_SIGNAL:
        return glimpse->mode & TR_LOCK_BROADCAST ? "broadcast" : "signal";
    case TR_COND_WAKE:
        return "wake by";
    case TR_SEM_WAIT:
        return "take a token of";
    case TR_SEM_POST:
        return "post";
    case TR_BARRIER_ENTER:
        return "enter";
    case TR_BARRIER_EXIT:
        return "leave";
    case TR_ONCE_END:
        return "finish";
    case TR_ONCE_SEEN:
        return "see done";
    case TR_HB_BEFORE:
        return "tell through";
    case TR_HB_AFTER:
        return "learn through";
    default:
        return NULL;
    }
}

/* Of the wait at which a deadlock ends. */
static const char *want_verb(uint8_t kind)
{
    switch (kind) {
    case TR_COND_WAKE:
        return "waits for a signal of";
    case TR_BARRIER_EXIT:
        return "waits at";
    default:
        return "wants";
    }
}

static const char *access_verb(const struct an_access *access)
{
    if (access->flags & AN_FREE)
        return "free the memory of";
    if (access->flags & AN_ATOMIC)
        return access->flags & AN_WRITE ? "atomically write" : "atomically read";
    return access->flags & AN_WRITE ? "write" : "read";
}

static const char *what_text(const struct an_prediction *prediction,
                             const struct an_glimpse *glimpse, bool wants)
{
    const struct an_context *ctx = &prediction->ctx;
    struct sn_arena *arena = &ctx->report->arena;
    if (glimpse->kind == TR_JOIN && glimpse->other)
        return sn_sprintf(arena, "%s %s", wants ? "wants to join" : "join",
                          an_thread_text(ctx, glimpse->other));
    if (glimpse->other)
        return sn_sprintf(arena, "%s %s", glimpse->kind == TR_THREAD_CREATE ? "make" : "cancel",
                          an_thread_text(ctx, glimpse->other));
    if (glimpse->variable)
        return sn_sprintf(arena, "%s %%VARIABLE%%", access_verb(&glimpse->access));
    const char *verb = lock_verb(glimpse);
    if (verb && glimpse->object)
        return sn_sprintf(
            arena, "%s %s%s", wants ? want_verb(glimpse->kind) : verb,
            an_lock_text(ctx, glimpse->object),
            glimpse->kind == TR_ACQUIRE && glimpse->mode & TR_LOCK_SHARED ? " for reading" : "");
    return "go on";
}

void an_prediction_tell_step(const struct an_prediction *prediction, struct sn_finding *finding,
                             const struct an_glimpse *glimpse, bool wants)
{
    const struct an_context *ctx = &prediction->ctx;
    an_name_thread(ctx, finding, glimpse->thread);
    if (glimpse->object)
        an_name_lock(ctx, finding, glimpse->object);
    struct sn_stack stack = an_stack(ctx, glimpse->access.stack);
    struct sn_step *step = vec_push(&finding->witness);
    step->thread = glimpse->thread->number;
    step->what = what_text(prediction, glimpse, wants);
    if (stack.count)
        step->at = stack.frames[0];
}
