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
#include "analyzer/compose.h"
#include "base/text.h"

enum { GROUPS_PER_PAIR = 64 }; /* an array's elements: further ones count with the last */

struct race {
    struct an_access first, second; /* the instance that is shown, as they came; without `past` */
    uint64_t variable;              /* hash that stands for it */
    struct sn_variable *told;       /* the same as the report wants it, while its block was there */
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

static bool both_write(const struct an_access *a, const struct an_access *b)
{
    return a->flags & b->flags & AN_WRITE;
}

/* A race on a variable that depends on another one on the same is told with it: as independent. */
static uint32_t cause_of(const struct races *races, const struct an_access *old,
                         const struct an_thread *thread, const struct race *race)
{
    uint32_t cause = an_order_read_before(&races->ctx->world->order, thread, old->slot, old->clock);
    return cause && races->all.at[cause - 1].variable != race->variable ? cause : 0;
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
                      : !both_write(&race->first, &race->second) && both_write(old, &now->access);
    if (!race->count || better) {
        race->first = conflict->old;
        race->second = now->access;
    }
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

static enum sn_role role_of(const struct an_access *access)
{
    if (access->flags & AN_FREE)
        return SN_ROLE_FREE;
    return access->flags & AN_WRITE ? SN_ROLE_WRITE : SN_ROLE_READ;
}

static const char *verb_of(const struct an_access *access)
{
    if (access->flags & AN_FREE)
        return "frees the memory of";
    if (access->flags & AN_ATOMIC)
        return access->flags & AN_WRITE ? "atomically writes" : "atomically reads";
    return access->flags & AN_WRITE ? "writes" : "reads";
}

static const char *locks_text(const struct races *races, struct sn_text *text, uint32_t lockset)
{
    const struct an_lockset *set = an_lockset(races->ctx->world, lockset);
    sn_text_clear(text);
    if (!set->count)
        return "no lock";
    for (uint32_t i = 0; i < set->count; i++) {
        const struct an_object *object =
            races->ctx->world->objects.all.at[(set->locks[i] >> 1) - 1];
        sn_text_printf(text, "%s%s%s", i ? i + 1 == set->count ? " and " : ", " : "",
                       an_lock_text(races->ctx, object), set->locks[i] & 1 ? " for reading" : "");
    }
    return text->at;
}

static const char *consequence(const struct an_access *a, const struct an_access *b)
{
    if ((a->flags | b->flags) & AN_FREE)
        return "The other access may come when the memory is freed, or already somebody else's.";
    if ((a->flags | b->flags) & AN_ATOMIC)
        return "Only one side is atomic, and that does not help: the compiler may tear, repeat or "
               "leave out the plain access.";
    if (both_write(a, b))
        return "Either write can undo the other: a value that one thread computed is lost.";
    return "The reader may see the old value, the new one, or keep an old one in a register for "
           "ever.";
}

/* The lock that one side holds and the other would have to take, or NULL. */
static const struct an_object *one_sided_lock(const struct races *races, const struct an_access *a,
                                              const struct an_access *b)
{
    if ((a->lockset != 0) == (b->lockset != 0))
        return NULL;
    const struct an_lockset *set =
        an_lockset(races->ctx->world, a->lockset ? a->lockset : b->lockset);
    return races->ctx->world->objects.all.at[(set->locks[0] >> 1) - 1];
}

/* A lock that both hold for reading only, or NULL. */
static const struct an_object *read_lock(const struct races *races, const struct an_access *a,
                                         const struct an_access *b)
{
    const struct an_lockset *x = an_lockset(races->ctx->world, a->lockset);
    const struct an_lockset *y = an_lockset(races->ctx->world, b->lockset);
    for (uint32_t i = 0; i < x->count; i++)
        for (uint32_t k = 0; k < y->count; k++)
            if (x->locks[i] == y->locks[k] && x->locks[i] & 1)
                return races->ctx->world->objects.all.at[(x->locks[i] >> 1) - 1];
    return NULL;
}

static const char *advice(const struct races *races, const struct an_access *a,
                          const struct an_access *b)
{
    struct sn_arena *arena = &races->ctx->report->arena;
    const struct an_object *lock = one_sided_lock(races, a, b);
    if ((a->flags | b->flags) & AN_FREE)
        return "Free it only after the last user is done: join the thread first, or count "
               "references.";
    const struct an_object *shared = read_lock(races, a, b);
    if (shared)
        return sn_sprintf(arena,
                          "Readers do not keep each other out: hold %s for writing to write.",
                          an_lock_text(races->ctx, shared));
    if (lock)
        return sn_sprintf(arena,
                          "Take %s on the other side too, around the whole of what must not be "
                          "interrupted.",
                          an_lock_text(races->ctx, lock));
    if ((a->flags | b->flags) & AN_ATOMIC)
        return "Make every access atomic.";
    return "Guard every access of it with one lock, or make it atomic.";
}

static const char *explain(const struct races *races, const struct an_access *a,
                           const struct an_access *b)
{
    const struct an_context *ctx = races->ctx;
    struct sn_arena *arena = &ctx->report->arena;
    struct sn_text first = {0}, second = {0};
    const struct an_thread *x = ctx->world->threads.all.at[a->thread];
    const struct an_thread *y = ctx->world->threads.all.at[b->thread];
    const char *text = sn_sprintf(
        arena,
        "%s %s %%VARIABLE%% (holding %s) and %s %s it (holding %s), and nothing orders the two: "
        "no lock that both hold, no join, no signal, no atomic. %s" AN_ADVICE "%s",
        an_thread_begins(ctx, x), verb_of(a), locks_text(races, &first, a->lockset),
        an_thread_text(ctx, y), verb_of(b), locks_text(races, &second, b->lockset),
        consequence(a, b), advice(races, a, b));
    sn_text_release(&first);
    sn_text_release(&second);
    return text;
}

static void add_site(const struct races *races, struct sn_finding *finding,
                     const struct an_access *access)
{
    const struct an_context *ctx = races->ctx;
    struct sn_site *site =
        an_site(ctx, finding, role_of(access), ctx->world->threads.all.at[access->thread],
                access->stack, access->index, NULL);
    an_site_locks(ctx, finding, site, access->lockset);
    site->note = access->flags & AN_ATOMIC ? "atomic" : NULL;
}

static void tell(struct races *races, struct race *race)
{
    const struct an_context *ctx = races->ctx;
    const struct an_access *a = &race->first, *b = &race->second;
    bool may_be_atomic = a->flags & b->flags & AN_MAY_BE_ATOMIC;
    if ((b->flags & (AN_WRITE | AN_FREE)) > (a->flags & (AN_WRITE | AN_FREE))) {
        a = &race->second; /* the write first, and a free before all */
        b = &race->first;
    }
    struct sn_finding *finding =
        an_finding(ctx, SN_DATA_RACE, may_be_atomic ? SN_POSSIBLE : SN_OBSERVED);
    if (may_be_atomic)
        finding->reason = "both accesses may be atomic in the source: machine code does not tell";
    if (race->doubtful)
        an_doubt(ctx, finding, "which may have ordered these");
    finding->count = race->count;
    finding->variable = race->told;
    finding->variable->size = a->flags & AN_FREE ? b->size : a->size;
    finding->title = "data race on %VARIABLE%";
    finding->explanation = explain(races, a, b);
    add_site(races, finding, a);
    add_site(races, finding, b);
    race->finding = finding;
}

static int by_rank(const void *left, const void *right)
{
    const struct race *a = *(struct race *const *)left, *b = *(struct race *const *)right;
    bool x = both_write(&a->first, &a->second), y = both_write(&b->first, &b->second);
    if (x != y)
        return y - x; /* the pair of writes speaks for `x++` */
    return a->second.index < b->second.index ? -1 : a->second.index > b->second.index;
}

static void finish(void *self)
{
    struct races *races = self;
    VEC(struct race *) order = {0};
    vec_each (struct race, race, &races->all)
        *vec_push(&order) = race;
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
