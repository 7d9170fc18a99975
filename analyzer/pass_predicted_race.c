/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data races that another order of the run makes happen: sync-preserving prediction
 * (predict/syncp.c), each proved by a witness. What happens-before calls a race already is left to
 * the race pass.
 *
 * Another relation may be asked for: what it tells of is proved in the same way, or by a reordering
 * that turns sections of locks around, and is possible otherwise.
 *
 * A trace is looked at again only if some memory is used in a way that no lock explains
 * (world/sights.h).
 *
 * Instances are grouped by variable and pair of places; of each group a few are tried until one has
 * a witness that rests on nothing unknown.
 */
#include "analyzer/predict/relation.h"
#include "analyzer/prediction.h"
#include "analyzer/race_story.h"

#include <unistd.h>

enum {
    TRIED = 8,       /* instances of a group */
    GROUPS = 256,    /* that are told; they cost a replay each */
    LOOKED_AT = 4096 /* instances, in all */
};

struct candidate {
    struct an_pair pair;
    struct an_glimpse first, second;
};

struct group {
    uint32_t tried;
    bool proved;
    bool unknown; /* some instance was not proved for want of knowledge */
    struct an_pair pair;
    struct sn_variable *variable;
    uint64_t count;
    struct an_witness witness;
};

struct predicted {
    struct an_context *ctx;
    struct an_prediction *prediction;
    VEC(struct candidate) candidates;
    VEC(struct group) groups;
    struct sn_map group_of; /* by variable and places, plus 1 */
};

static void *open_pass(struct an_context *ctx)
{
    struct predicted *self = sn_calloc(1, sizeof *self);
    self->ctx = ctx;
    struct an_sights *sights = &ctx->world->sights;
    sights->wanted = !an_prediction_why_not(ctx);
    if (sights->wanted)
        an_guards_init(&sights->guards);
    return self;
}

static bool wants(uint8_t kind)
{
    (void)kind; /* the world sees for us */
    return false;
}

/* Candidates. -----------------------------------------------------------------------------------
 */

static void find_candidates(struct predicted *self)
{
    const struct an_run *run = &self->prediction->run;
    struct an_pairs predicted = {0}, observed = {0};
    const struct an_relation *asked = self->ctx->options->relation;
    struct sn_map racy = {0}; /* second operations that race anyhow */
    unsigned workers = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    an_relation_apply(asked ? asked : an_relation_find("syncp"), run, workers, &predicted);
    if (predicted.of.count)
        an_relation_apply(an_relation_find("hb"), run, 1, &observed);
    vec_each (struct an_pair, pair, &observed.of)
        *sn_map_at(&racy, an_run_event(run, pair->second)) = 1;
    /* What has no address stands for memory that cannot race, or for no memory at all. */
    vec_each (struct an_pair, pair, &predicted.of)
        if (pair->variable < run->addresses.count &&
            !sn_map_find(&racy, an_run_event(run, pair->second)) &&
            self->candidates.count < LOOKED_AT)
            vec_push(&self->candidates)->pair = *pair;
    sn_map_release(&racy);
    vec_release(&predicted.of);
    vec_release(&observed.of);
}

/* Fills in the glimpses of all candidates. */
static void look(struct predicted *self)
{
    size_t count = self->candidates.count;
    struct an_glimpse *glimpses = sn_calloc(count * 2 + 1, sizeof *glimpses);
    struct sn_map places = {0};
    for (size_t i = 0; i < count; i++) {
        glimpses[2 * i].op = self->candidates.at[i].pair.first;
        glimpses[2 * i + 1].op = self->candidates.at[i].pair.second;
    }
    an_prediction_look(self->prediction, glimpses, count * 2);
    for (size_t i = 0; i < count * 2; i++)
        *sn_map_at(&places, glimpses[i].op) = i;
    vec_each (struct candidate, candidate, &self->candidates) {
        candidate->first = glimpses[*sn_map_find(&places, candidate->pair.first)];
        candidate->second = glimpses[*sn_map_find(&places, candidate->pair.second)];
    }
    sn_map_release(&places);
    free(glimpses);
}

/* Groups. ---------------------------------------------------------------------------------------
 */

static uint64_t place_of(const struct predicted *self, const struct an_glimpse *glimpse)
{
    struct tr_stack stack = tr_reader_stack(self->ctx->reader, glimpse->access.stack);
    return stack.count ? stack.pcs[0] : 0;
}

static uint64_t key_of(const struct predicted *self, const struct candidate *candidate)
{
    uint64_t x = place_of(self, &candidate->first), y = place_of(self, &candidate->second);
    const struct sn_variable *variable = candidate->second.variable;
    uint64_t key = sn_mix(x < y ? x : y) * 3 + sn_mix(x < y ? y : x);
    if (!variable)
        return key;
    if (!variable->allocated_at.count)
        return key ^ sn_mix(variable->address);
    return key ^ sn_mix(variable->block_offset * 2 + 1) ^
           sn_mix(variable->allocated_at.frames[0].pc);
}

static struct group *group_of(struct predicted *self, const struct candidate *candidate)
{
    uint64_t *number = sn_map_at(&self->group_of, key_of(self, candidate));
    if (!*number) {
        if (self->groups.count == GROUPS)
            return NULL;
        struct group *group = vec_push(&self->groups);
        group->pair = candidate->pair;
        group->variable = candidate->second.variable;
        *number = self->groups.count;
    }
    return &self->groups.at[*number - 1];
}

static void try_candidate(struct predicted *self, const struct candidate *candidate)
{
    struct group *group = group_of(self, candidate);
    if (!group)
        return;
    group->count++;
    if (group->proved || group->tried++ >= TRIED)
        return;
    uint64_t goal[] = {candidate->pair.first, candidate->pair.second};
    enum an_proof proof = an_prediction_prove(self->prediction, goal, 2, false, &group->witness);
    if (proof == AN_NOT_PROVED && self->ctx->options->relation)
        proof = an_prediction_prove_reversed(self->prediction, goal[0], goal[1], &group->witness);
    group->proved = proof == AN_PROVED;
    group->unknown |= proof == AN_UNKNOWN;
    if (group->proved) {
        group->pair = candidate->pair;
        group->variable = candidate->second.variable;
    }
}

/* Telling. --------------------------------------------------------------------------------------
 */

static struct an_glimpse *find(struct an_glimpse *glimpses, size_t count, uint64_t op)
{
    for (size_t i = 0; i < count; i++)
        if (glimpses[i].op == op)
            return &glimpses[i];
    return NULL;
}

static void tell(struct predicted *self, struct group *group)
{
    struct an_prediction *prediction = self->prediction;
    const struct an_context *ctx = &prediction->ctx;
    struct an_steps steps = {0};
    if (group->proved)
        an_prediction_steps(prediction, &group->witness, &steps);
    size_t shown = steps.of.count;
    *vec_push(&steps.of) = group->pair.first;
    *vec_push(&steps.of) = group->pair.second;
    size_t count = steps.of.count;
    struct an_glimpse *glimpses = sn_calloc(count, sizeof *glimpses);
    for (size_t i = 0; i < count; i++)
        glimpses[i].op = steps.of.at[i];
    an_prediction_look(prediction, glimpses, count);
    struct an_glimpse *a = find(glimpses, count, group->pair.first);
    struct an_glimpse *b = find(glimpses, count, group->pair.second);
    struct sn_finding *finding =
        an_race_tell(ctx, group->proved ? SN_PREDICTED : SN_POSSIBLE, &a->access, &b->access,
                     group->variable->address, group->variable,
                     "only the order of this run kept them apart: in "
                     "another one both come at once, and no lock, "
                     "join, signal or atomic is in the way.");
    finding->count = group->count;
    if (!group->proved && group->unknown)
        finding->reason = "whether another order can make it happen depends on what was not "
                          "recorded, or on reads of which nobody knows what they read";
    else if (!group->proved)
        finding->reason =
            sn_sprintf(&ctx->report->arena, "%s tells of it; no order was found that shows it",
                       self->ctx->options->relation->name);
    for (size_t i = 0; i < shown; i++)
        an_prediction_tell_step(prediction, finding, find(glimpses, count, steps.of.at[i]), false);
    if (group->proved) {
        an_prediction_tell_step(prediction, finding, a, false);
        an_prediction_tell_step(prediction, finding, b, false);
    }
    free(glimpses);
    vec_release(&steps.of);
}

static void finish(void *data)
{
    struct predicted *self = data;
    if (!self->ctx->world->sights.suspects.of.count)
        return;
    self->prediction = an_prediction_of(self->ctx);
    if (self->prediction->why_not)
        return;
    find_candidates(self);
    if (!self->candidates.count)
        return;
    look(self);
    vec_each (struct candidate, candidate, &self->candidates)
        if (!candidate->second.benign)
            try_candidate(self, candidate);
    vec_each (struct group, group, &self->groups)
        if (group->proved || group->unknown || self->ctx->options->relation)
            tell(self, group);
}

static void close_pass(void *data)
{
    struct predicted *self = data;
    vec_each (struct group, group, &self->groups)
        an_witness_release(&group->witness);
    vec_release(&self->groups);
    vec_release(&self->candidates);
    sn_map_release(&self->group_of);
    free(self);
}

const struct an_analysis an_predicted_race = {
    .name = "predicted_race",
    .wants = wants,
    .open = open_pass,
    .finish = finish,
    .close = close_pass,
};
