/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sync-preserving races: Mathur, Pavlogiannis, Viswanathan, "Optimal prediction of
 * synchronization-preserving races", POPL 2021. Two accesses race if the ideal (ideal.h) of what
 * comes before either of them in its thread holds neither.
 *
 * How it is fast, and where that differs from the paper:
 *   - Most variables are left out by one look: those of one thread, never written, or with a lock
 *     that all hold.
 *   - B(e), the ideal of what comes before one access e alone, grows along e's thread: all of them
 *     cost one walk over the index for each thread. They are kept as rows that accesses share as
 *     long as the thread learns nothing.
 *   - Of two accesses, most pairs are decided by B alone: the earlier one lies in B of the later.
 *   - For the others the ideal is that of B(e1) and B(e2) joined, which does not depend on how
 * large these are. The paper's ideal for each pair of threads and variable starts at the beginning
 * of the run each time.
 *   - Along one thread's accesses ideals only grow: what one pair's ideal holds is passed over, and
 *     a second access that it holds ends the search there.
 *
 * The first look and the index, then B by threads, then the pairs by variables are independent
 * pieces of work.
 */
#include "analyzer/predict/relation.h"

#include "analyzer/predict/guards.h"
#include "analyzer/predict/ideal.h"
#include "analyzer/predict/workers.h"

/* An access of a variable that may race. */
struct access {
    const uint32_t *before; /* B, but for its own thread; NULL: there is no such ideal */
    uint32_t op, place, thread, set, variable;
    uint8_t kind;
};

/* What the first look knows of a variable. */
struct sight {
    uint32_t thread; /* the first one, plus 1 */
    uint32_t common; /* locks that protect all its accesses, as a set of their numbers */
    bool several, written, plain;
    uint32_t candidate; /* 1, 2, 3 ... among those that may race; 0: it may not */
};

struct list {
    VEC(uint32_t) of; /* indices of accesses */
};

struct predictor {
    const struct an_run *run;
    unsigned workers;
    struct an_sync_index index;
    struct an_guards sets;
    struct sight *sights;
    uint32_t candidates;
    VEC(struct access) accesses;
    struct list *by_thread, *by_candidate;
    struct an_ideal *ideals; /* one for each worker */
    struct an_closer *closers;
    struct an_pairs *found;
    struct sn_arena *arenas;
};

/* The first look. -------------------------------------------------------------------------------
 */

static void look(struct predictor *predictor, struct tr_op op, uint32_t set)
{
    struct sight *sight = &predictor->sights[op.target];
    sight->common = an_guards_common(&predictor->sets, sight->thread ? sight->common : set, set,
                                     tr_op_writes(op.kind));
    sight->several |= sight->thread && sight->thread != op.thread + 1u;
    sight->thread = sight->thread ? sight->thread : op.thread + 1u;
    sight->written |= tr_op_writes(op.kind);
    sight->plain |= !tr_op_is_atomic(op.kind);
}

typedef void each_access(struct predictor *predictor, size_t i, uint32_t place, uint32_t set);

/* Calls EACH for every access, with its place and the locks held there. */
static void walk(struct predictor *predictor, each_access *each)
{
    const struct an_run *run = predictor->run;
    struct an_guarded *guarded = sn_calloc(run->threads + 1, sizeof *guarded);
    struct an_places places;
    an_places_init(&places, run);
    for (size_t i = 0; i < run->ops.count; i++) {
        struct tr_op op = run->ops.at[i];
        uint32_t place = an_places_next(&places, run, i);
        if (tr_op_is_access(op.kind))
            each(predictor, i, place, an_guarded_set(&guarded[op.thread], &predictor->sets));
        else
            an_guarded_op(&guarded[op.thread], op);
    }
    an_places_release(&places);
    for (uint32_t t = 0; t < run->threads; t++)
        vec_release(&guarded[t].held.of);
    free(guarded);
}

static void look_at(struct predictor *predictor, size_t i, uint32_t place, uint32_t set)
{
    (void)place;
    look(predictor, predictor->run->ops.at[i], set);
}

static void choose_candidates(struct predictor *predictor)
{
    for (uint32_t v = 0; v < predictor->run->variables; v++) {
        struct sight *sight = &predictor->sights[v];
        if (sight->several && sight->written && sight->plain && !sight->common)
            sight->candidate = ++predictor->candidates;
    }
}

static void gather(struct predictor *predictor, size_t i, uint32_t place, uint32_t set)
{
    struct tr_op op = predictor->run->ops.at[i];
    uint32_t candidate = predictor->sights[op.target].candidate;
    if (!candidate)
        return;
    *vec_push(&predictor->by_thread[op.thread].of) = (uint32_t)predictor->accesses.count;
    *vec_push(&predictor->by_candidate[candidate - 1].of) = (uint32_t)predictor->accesses.count;
    *vec_push(&predictor->accesses) = (struct access){.op = (uint32_t)i,
                                                      .place = place,
                                                      .thread = op.thread,
                                                      .set = set,
                                                      .variable = op.target,
                                                      .kind = op.kind};
}

/* What comes before one access. -----------------------------------------------------------------
 */

static void find_before(void *data, unsigned worker, size_t thread)
{
    struct predictor *predictor = data;
    struct an_ideal *ideal = &predictor->ideals[worker];
    const struct list *list = &predictor->by_thread[thread];
    const uint32_t *row = NULL;
    uint64_t growth = 0;
    if (!list->of.count)
        return;
    an_ideal_clear(ideal);
    ideal->self = (uint32_t)thread;
    vec_each (uint32_t, number, &list->of) {
        struct access *access = &predictor->accesses.at[*number];
        if (!an_ideal_reach(ideal, access->thread, access->place - 1))
            break; /* nor for any later one */
        if (ideal->place[thread] >= access->place)
            continue; /* it would have to come before itself */
        if (!row || growth != ideal->growth) {
            size_t size = predictor->run->threads * sizeof *row;
            row = memcpy(sn_alloc(&predictor->arenas[worker], size), ideal->place, size);
            growth = ideal->growth;
        }
        access->before = row;
    }
}

/* Pairs. ----------------------------------------------------------------------------------------
 */

/* The accesses of a variable by one thread, of one kind, under one set of locks. */
struct group {
    uint32_t thread, set;
    uint8_t kind;
    VEC(uint32_t) accesses;
};

struct groups {
    VEC(struct group) of;
};

static struct group *group_of(struct groups *groups, const struct access *access)
{
    vec_each (struct group, group, &groups->of)
        if (group->thread == access->thread && group->set == access->set &&
            group->kind == access->kind)
            return group;
    struct group *new = vec_push(&groups->of);
    *new = (struct group){.thread = access->thread, .set = access->set, .kind = access->kind};
    return new;
}

/* The first of GROUP's accesses behind PLACE of its thread: an index of them. */
static size_t first_behind(const struct predictor *predictor, const struct group *group,
                           uint32_t place)
{
    return vec_count_while(uint32_t, number, &group->accesses,
                           predictor->accesses.at[*number].place <= place);
}

/* The ideal of what comes before either, in the closer's cut. */
static bool join(const struct predictor *predictor, struct an_closer *closer,
                 const struct access *a, const struct access *b)
{
    for (uint32_t t = 0; t < predictor->index.threads; t++)
        closer->place[t] = a->before[t] > b->before[t] ? a->before[t] : b->before[t];
    uint32_t *first = &closer->place[a->thread], *second = &closer->place[b->thread];
    *first = b->before[a->thread] > a->place - 1 ? b->before[a->thread] : a->place - 1;
    *second = a->before[b->thread] > b->place - 1 ? a->before[b->thread] : b->place - 1;
    return an_closer_close(closer);
}

/* An access of GROUP that races with LATER, or NULL. */
static const struct access *racing(const struct predictor *predictor, struct an_closer *closer,
                                   const struct group *group, const struct access *later)
{
    size_t i = first_behind(predictor, group, later->before[group->thread]);
    while (i < group->accesses.count) {
        const struct access *earlier = &predictor->accesses.at[group->accesses.at[i]];
        if (!earlier->before || !join(predictor, closer, earlier, later) ||
            closer->place[later->thread] >= later->place)
            return NULL; /* and so on for all later ones of this group */
        if (closer->place[earlier->thread] < earlier->place)
            return earlier;
        i = first_behind(predictor, group, closer->place[earlier->thread]);
    }
    return NULL;
}

static void find_pairs(void *data, unsigned worker, size_t candidate)
{
    struct predictor *predictor = data;
    struct groups groups = {0};
    vec_each (uint32_t, number, &predictor->by_candidate[candidate].of) {
        const struct access *later = &predictor->accesses.at[*number], *earlier = NULL;
        for (size_t i = 0; later->before && !earlier && i < groups.of.count; i++) {
            const struct group *group = &groups.of.at[i];
            if (group->thread != later->thread && tr_op_conflict(group->kind, later->kind) &&
                !an_guards_protect(&predictor->sets, group->set, later->set))
                earlier = racing(predictor, &predictor->closers[worker], group, later);
        }
        if (earlier)
            *vec_push(&predictor->found[worker].of) =
                (struct an_pair){earlier->op, later->op, later->variable};
        *vec_push(&group_of(&groups, later)->accesses) = *number;
    }
    vec_each (struct group, group, &groups.of)
        vec_release(&group->accesses);
    vec_release(&groups.of);
}

/* All of it. ------------------------------------------------------------------------------------
 */

static void release(struct predictor *predictor)
{
    for (unsigned w = 0; w < predictor->workers; w++) {
        an_ideal_release(&predictor->ideals[w]);
        an_closer_release(&predictor->closers[w]);
        vec_release(&predictor->found[w].of);
        sn_arena_release(&predictor->arenas[w]);
    }
    for (uint32_t t = 0; t < predictor->run->threads; t++)
        vec_release(&predictor->by_thread[t].of);
    for (uint32_t c = 0; c < predictor->candidates; c++)
        vec_release(&predictor->by_candidate[c].of);
    free(predictor->ideals);
    free(predictor->closers);
    free(predictor->found);
    free(predictor->arenas);
    free(predictor->by_thread);
    free(predictor->by_candidate);
    free(predictor->sights);
    vec_release(&predictor->accesses);
    an_guards_release(&predictor->sets);
    an_sync_index_release(&predictor->index);
}

enum { LOOK, INDEX, BEGINNINGS };

/* The two that know nothing of each other. */
static void begin(void *data, unsigned worker, size_t which)
{
    struct predictor *predictor = data;
    (void)worker;
    if (which == LOOK) {
        walk(predictor, look_at);
        choose_candidates(predictor);
    } else {
        an_sync_index_build(&predictor->index, predictor->run);
    }
}

static void prepare(struct predictor *predictor, const struct an_run *run, unsigned workers)
{
    *predictor = (struct predictor){.run = run, .workers = workers ? workers : 1};
    an_guards_init(&predictor->sets);
    predictor->sights = sn_calloc(run->variables + 1, sizeof *predictor->sights);
    if (predictor->workers > 1) {
        an_workers_run(predictor->workers, BEGINNINGS, begin, predictor);
    } else {
        begin(predictor, 0, LOOK);
        if (predictor->candidates)
            begin(predictor, 0, INDEX);
    }
    predictor->by_thread = sn_calloc(run->threads + 1, sizeof *predictor->by_thread);
    predictor->by_candidate = sn_calloc(predictor->candidates + 1, sizeof *predictor->by_candidate);
    predictor->ideals = sn_calloc(predictor->workers, sizeof *predictor->ideals);
    predictor->closers = sn_calloc(predictor->workers, sizeof *predictor->closers);
    predictor->found = sn_calloc(predictor->workers, sizeof *predictor->found);
    predictor->arenas = sn_calloc(predictor->workers, sizeof *predictor->arenas);
    for (unsigned w = 0; w < predictor->workers; w++) {
        an_ideal_init(&predictor->ideals[w], &predictor->index);
        an_closer_init(&predictor->closers[w], &predictor->index);
    }
    if (predictor->candidates)
        walk(predictor, gather);
}

static void predict(struct predictor *predictor, struct an_pairs *found)
{
    if (predictor->candidates) {
        an_workers_run(predictor->workers, predictor->run->threads, find_before, predictor);
        an_workers_run(predictor->workers, predictor->candidates, find_pairs, predictor);
    }
    for (unsigned w = 0; w < predictor->workers; w++)
        vec_each (struct an_pair, pair, &predictor->found[w].of)
            *vec_push(&found->of) = *pair;
}

static void syncp_whole(const struct an_run *run, unsigned workers, struct an_pairs *found)
{
    struct predictor predictor;
    prepare(&predictor, run, workers);
    predict(&predictor, found);
    release(&predictor);
}

const struct an_relation an_relation_syncp = {
    .name = "syncp",
    .meaning = "sync-preserving prediction: races in orders that keep that of each lock",
    .whole = syncp_whole,
};
