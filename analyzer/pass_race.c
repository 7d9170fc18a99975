/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data races by schedulable happens-before: Mathur, Kini, Viswanathan, "What happens-after the
 * first race?", OOPSLA 2018; with epochs as in FastTrack (Flanagan, Freund, PLDI 2009). The world
 * hands over the earlier accesses that conflict with the present one and are not ordered before it
 * by happens-before. All of them are reported. A read that races with the write it reads from
 * orders what comes behind it, as far as that schedule goes; a pair that only such reads order
 * would not race if they had gone the other way: it depends on the first race, and says so.
 *
 * Where the recorder leaves out equal accesses within an epoch, a thread may have read again after
 * another one's write, or read a later write of the same epoch, unseen. So, for that mark alone, a
 * racing read is taken to have read all that the writer did in its epoch, and a thread that read a
 * location to have read what is written there while its epoch lasts.
 *
 * Instances are grouped by variable and pair of places. What a variable is, is not known yet: a
 * granule, or the offset in blocks allocated at one place. symbols/ and sn_report_fingerprint join
 * what turns out to be the same.
 */
#include "analyzer/race_story.h"

enum {
    GROUPS_PER_PAIR = 64, /* an array's elements: further ones count with the last */
    INSTANCES = 8,
};

struct instance {
    struct an_access first, second; /* as they came; of the second's `past` it has a reference */
    uint64_t address;
    bool sure; /* that all is here that may order it */
};

struct race {
    struct instance shown[INSTANCES]; /* the first one, unless that is less certain than another */
    uint32_t shown_count;
    uint64_t variable;        /* hash that stands for it */
    struct sn_variable *told; /* the same as the report wants it, while its block was there */
    uint64_t count;
    bool doubtful;  /* of no instance it is sure that all is here that may order it */
    uint32_t cause; /* number of the race on which all instances depend; 0: at least one on none */
    struct sn_finding *finding;
};

struct pair { /* of places */
    uint32_t groups, latest;
};

struct races {
    struct an_context *ctx;
    VEC(struct race) all;  /* number N is at N - 1 */
    struct sn_map by_key;  /* to its number */
    struct sn_map by_pair; /* to an index of `pairs`, plus one */
    VEC(struct pair) pairs;
    bool filtered; /* by the recorder, see above */
};

static bool wants(uint8_t kind)
{
    return tr_is_access(kind) || tr_is_atomic(kind) || kind == TR_FREE;
}

static void *open_pass(struct an_context *ctx)
{
    struct races *races = sn_calloc(1, sizeof *races);
    races->ctx = ctx;
    races->filtered = (tr_reader_header(ctx->reader)->flags & TR_FILTER_SAME_EPOCH) != 0;
    return races;
}

static uint64_t place_of(const struct races *races, const struct an_access *access)
{
    struct tr_stack stack = tr_reader_stack(races->ctx->reader, access->stack);
    return stack.count ? stack.pcs[0] : 0;
}

static uint64_t variable_of(const struct races *races, uint64_t address)
{
    const struct an_block *block = an_heap_block(&races->ctx->world->heap, address);
    if (!block)
        return sn_mix(address >> 3);
    return sn_mix(((uint64_t)block->stack << 32 | 1) ^ sn_mix((address - block->start) >> 3));
}

/* Unordered; never 0, which stands for nothing. */
static uint64_t pair_key(const struct races *races, const struct an_access *a,
                         const struct an_access *b)
{
    uint64_t x = place_of(races, a), y = place_of(races, b);
    return sn_mix(x < y ? x : y) * 3 + sn_mix(x < y ? y : x);
}

static struct pair *pair_at(struct races *races, uint64_t key)
{
    uint64_t *number = sn_map_at(&races->by_pair, key);
    if (!*number) {
        (void)vec_push(&races->pairs);
        *number = races->pairs.count;
    }
    return &races->pairs.at[*number - 1];
}

/* The number of the race to which the conflict belongs, made if it is new. */
static uint32_t number_of(struct races *races, const struct an_conflict *conflict,
                          const struct an_access *now)
{
    uint64_t places = pair_key(races, &conflict->old, now);
    uint64_t variable = variable_of(races, conflict->address);
    uint64_t *number = sn_map_at(&races->by_key, places ^ variable);
    if (*number)
        return (uint32_t)*number;
    struct pair *pair = pair_at(races, places);
    if (pair->groups == GROUPS_PER_PAIR)
        return (uint32_t)(*number = pair->latest);
    struct race *race = vec_push(&races->all);
    race->variable = variable;
    race->told = an_variable(races->ctx, conflict->address, 0);
    pair->groups++;
    pair->latest = (uint32_t)races->all.count;
    return (uint32_t)(*number = pair->latest);
}

/* A race on a variable that depends on another one on the same is told with it: as independent. */
static uint32_t cause_of(const struct races *races, const struct an_access *old,
                         const struct an_thread *thread, const struct race *race)
{
    uint32_t cause = an_order_read_before(&races->ctx->world->order, thread, old->slot, old->clock);
    return cause && races->all.at[cause - 1].variable != race->variable ? cause : 0;
}

static bool same_moments(const struct instance *a, const struct instance *b)
{
    return a->first.slot == b->first.slot && a->first.clock == b->first.clock &&
           a->second.slot == b->second.slot && a->second.clock == b->second.clock;
}

static void show(struct races *races, struct race *race, const struct an_conflict *conflict,
                 bool sure, bool first)
{
    const struct an_now *now = &races->ctx->world->now;
    struct instance new = {conflict->old, now->access, conflict->address, sure};
    struct instance *shown = race->shown;
    if (!first &&
        (race->shown_count == INSTANCES || same_moments(&shown[race->shown_count - 1], &new)))
        return;
    new.first.past = NULL;
    new.second.past = an_order_snapshot(&races->ctx->world->order, now->thread);
    uint32_t kept = race->shown_count;
    if (kept >= INSTANCES) {
        kept = INSTANCES - 1;
        an_snapshot_drop(shown[kept].second.past);
    }
    uint32_t at = first ? 0 : kept;
    for (uint32_t i = kept; i > at; i--)
        race->shown[i] = race->shown[i - 1];
    race->shown[at] = new;
    race->shown_count = kept + 1;
}

static void count(struct races *races, uint32_t number, const struct an_conflict *conflict)
{
    const struct an_now *now = &races->ctx->world->now;
    struct race *race = &races->all.at[number - 1];
    uint32_t cause = cause_of(races, &conflict->old, now->thread, race);
    const struct an_access *old = &conflict->old;
    bool sure = an_is_sure(races->ctx->world->threads.all.at[old->thread], old->index) &&
                an_is_sure(now->thread, now->index);
    bool better = race->doubtful == sure
                      ? sure
                      : !an_both_write(&race->shown->first, &race->shown->second) &&
                            an_both_write(old, &now->access);
    show(races, race, conflict, sure, !race->count || better);
    race->doubtful = !sure && (!race->count || race->doubtful);
    race->cause = race->count && !race->cause ? 0 : cause;
    race->count++;
}

/* What READER learns by reading, in race NUMBER, what WRITER wrote at CLOCK with PAST behind it. */
static void reads_from(struct races *races, uint32_t number, const struct an_thread *reader,
                       const struct an_thread *writer, uint64_t clock, const struct an_past *past)
{
    struct an_order *order = &races->ctx->world->order;
    if (races->filtered && clock >= writer->epoch) {
        clock = writer->clock;
        past = an_order_past(order, writer);
    }
    if (past && reader->slot != writer->slot)
        an_order_reads_from(order, reader, writer->slot, clock, past, number);
}

static void follow_reads(struct races *races, uint32_t number, const struct an_conflict *conflict)
{
    struct an_world *world = races->ctx->world;
    const struct an_access *old = &conflict->old, *now = &world->now.access;
    struct an_thread *other = world->threads.all.at[old->thread];
    if (!(now->flags & AN_WRITE) && conflict->latest)
        reads_from(races, number, world->now.thread, other, old->clock,
                   old->past ? &old->past->past : NULL);
    else if (races->filtered && !(old->flags & AN_WRITE) && old->clock >= other->epoch)
        reads_from(races, number, other, world->now.thread, now->clock, &now->past->past);
}

static void event(void *self, const struct tr_event *ev)
{
    (void)ev;
    struct races *races = self;
    const struct an_now *now = &races->ctx->world->now;
    for (size_t i = 0; i < now->conflicts.of.count; i++) {
        const struct an_conflict *conflict = &now->conflicts.of.at[i];
        if (i && conflict->old.index == conflict[-1].old.index)
            continue; /* one pair of accesses that met in several granules */
        if (an_benign_holds(&races->ctx->world->benign, conflict->address))
            continue;
        uint32_t number = number_of(races, conflict, &now->access);
        count(races, number, conflict);
        follow_reads(races, number, conflict);
    }
}

/* Telling. --------------------------------------------------------------------------------------
 */

/* The first instance of which nothing speaks against a race comes to the front. */
static void choose(struct races *races, struct race *race)
{
    for (uint32_t i = 0; i < race->shown_count; i++) {
        struct instance *at = &race->shown[i], first = *race->shown;
        if ((!at->sure && !race->doubtful) ||
            an_race_doubt(races->ctx, &at->first, &at->second, at->address))
            continue;
        *race->shown = *at;
        *at = first;
        return;
    }
}

static void tell(struct races *races, struct race *race)
{
    const struct an_context *ctx = races->ctx;
    struct sn_finding *finding = an_race_tell(
        ctx, SN_OBSERVED, &race->shown->first, &race->shown->second, race->shown->address,
        race->told,
        "nothing orders the two: no lock that both hold, no join, no signal, no atomic.");
    if (race->doubtful)
        an_doubt(ctx, finding, "which may have ordered these");
    finding->count = race->count;
    race->finding = finding;
}

static int by_rank(const void *left, const void *right)
{
    const struct race *a = *(struct race *const *)left, *b = *(struct race *const *)right;
    const struct instance *first = a->shown, *second = b->shown;
    bool x = an_both_write(&first->first, &first->second);
    bool y = an_both_write(&second->first, &second->second);
    if (x != y)
        return y - x; /* the pair of writes speaks for `x++` */
    return first->second.index < second->second.index ? -1
                                                      : first->second.index > second->second.index;
}

static void finish(void *self)
{
    struct races *races = self;
    VEC(struct race *) order = {0};
    vec_each (struct race, race, &races->all) {
        choose(races, race);
        *vec_push(&order) = race;
    }
    if (order.count)
        qsort(order.at, order.count, sizeof *order.at, by_rank);
    vec_each (struct race *, race, &order)
        tell(races, *race);
    vec_each (struct race, race, &races->all)
        if (race->cause)
            race->finding->depends_on_finding = races->all.at[race->cause - 1].finding;
    vec_release(&order);
}

static void close_pass(void *self)
{
    struct races *races = self;
    vec_each (struct race, race, &races->all)
        for (uint32_t i = 0; i < race->shown_count; i++)
            an_snapshot_drop(race->shown[i].second.past);
    vec_release(&races->all);
    vec_release(&races->pairs);
    sn_map_release(&races->by_key);
    sn_map_release(&races->by_pair);
    free(races);
}

const struct an_analysis an_race = {
    .name = "race",
    .wants = wants,
    .open = open_pass,
    .event = event,
    .finish = finish,
    .close = close_pass,
};
