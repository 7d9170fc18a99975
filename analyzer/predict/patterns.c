/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that nobody takes while holding another, or while holding which nobody takes another, lie
 * on no cycle: they are peeled off until none is left. Most runs end there. Over what remains, a
 * depth-first search goes from each abstract acquisition through those with a greater number.
 *
 * The proof of a pattern: the ideal (ideal.h) of what comes before one acquisition of each party
 * must hold none of these. If it holds one, it holds it for all later choices of the others too,
 * and that party goes on to its first acquisition behind the ideal. So a pattern costs one walk
 * over the index at most, however many instances it has. A party that waits to be woken goes on as
 * well if the ideal holds what wakes it. Patterns are proved when all are found, each by itself: an
 * ideal for each worker, a place for each result.
 */
#include "analyzer/predict/patterns.h"

#include "analyzer/predict/guards.h"
#include "analyzer/predict/ideal.h"
#include "analyzer/predict/workers.h"

enum {
    STEPS = 4 * 1000 * 1000, /* of the search, in all */
    TOLD = 100 * 1000,       /* patterns that are told, or tried to prove: each costs a walk */
};

struct instance {
    uint64_t op;
    uint32_t place;
    uint32_t wake; /* it is no wait any longer if its giver has come to this place; 0: none */
};

struct node { /* an abstract acquisition, or another wait */
    uint32_t thread, lock, held;
    uint32_t giver; /* who wakes it; else its own thread */
    bool shared;
    VEC(struct instance) instances;
};

struct lock {
    VEC(uint32_t) wanting, holding; /* nodes, ascending */
    uint32_t in, out;               /* edges to and from what is not buried */
    bool buried;                    /* lies on no cycle */
};

struct numbers {
    VEC(uint32_t) of;
};

struct cycle {
    uint32_t length;
    uint32_t nodes[AN_PATTERN_LONGEST];
};

struct search {
    const struct an_run *run;
    /* Behind the locks there are as many numbers as threads: the end of each is a lock as well.
     * Behind these come numbers of what threads wait for, by object and giver. */
    uint32_t lock_count;
    struct an_guards sets;
    VEC(struct node) nodes;
    struct sn_map by_key; /* to the latest node with that hash, plus 1; `next` goes on from there */
    VEC(uint32_t) next;
    struct lock *locks;
    uint32_t length;
    bool *joined;          /* of each thread: somebody who holds a lock joins it; or NULL */
    bool waits;            /* run->awaits are nodes; only then: */
    struct sn_map awaited; /* object and giver, to its number */
    struct numbers *given; /* of each thread, ascending */
    uint32_t *places;      /* of each operation */
    uint64_t steps;
    bool exhausted;
    uint32_t path[AN_PATTERN_LONGEST];
    VEC(struct cycle) cycles;
};

/* Nodes. ----------------------------------------------------------------------------------------
 */

static struct node *node_of(struct search *search, uint32_t thread, uint32_t lock, uint32_t held,
                            bool shared)
{
    uint64_t key = sn_mix((uint64_t)thread << 32 | lock) ^ sn_mix(held * 2u + shared);
    uint64_t *latest = sn_map_at(&search->by_key, key);
    for (uint32_t n = (uint32_t)*latest; n; n = search->next.at[n - 1]) {
        struct node *node = &search->nodes.at[n - 1];
        if (node->thread == thread && node->lock == lock && node->held == held &&
            node->shared == shared)
            return node;
    }
    *vec_push(&search->next) = (uint32_t)*latest;
    struct node *node = vec_push(&search->nodes);
    *node = (struct node){
        .thread = thread, .lock = lock, .held = held, .giver = thread, .shared = shared};
    *latest = search->nodes.count;
    return node;
}

/* Of a thread for which somebody waits its own end, too, and what it gives: greater than all locks,
 * and ascending. */
static uint32_t with_own(struct search *search, uint32_t set, uint32_t thread)
{
    if (search->joined && search->joined[thread])
        set = an_guards_with(&search->sets, set, (search->run->locks + thread) << 1 | 1);
    if (search->waits)
        vec_each (uint32_t, number, &search->given[thread].of)
            set = an_guards_with(&search->sets, set, *number << 1 | 1);
    return set;
}

static void add_instance(struct search *search, struct tr_op op, uint32_t held,
                         struct instance instance)
{
    bool join = op.kind == TR_OP_JOIN;
    held = with_own(search, held, op.thread);
    if (held)
        *vec_push(&node_of(search, op.thread, join ? search->run->locks + op.target : op.target,
                           held, tr_op_shared(op.kind))
                       ->instances) = instance;
}

typedef void each_op(struct search *search, struct an_guarded *thread, struct instance instance);

static void find_kinds(const struct search *search, bool *may_wait)
{
    for (unsigned kind = 0; kind < TR_OP_KINDS; kind++)
        may_wait[kind] = tr_op_acquires(kind) || kind == TR_OP_JOIN ||
                         (search->waits && (kind == TR_OP_RECEIVE || kind == TR_OP_WAIT));
}

static bool takes_lock(unsigned kind)
{
    return kind == TR_OP_ACQUIRE || kind == TR_OP_ACQUIRE_SHARED;
}

/* Calls EACH for every operation that may wait, before what its thread holds changes. */
static void walk(struct search *search, each_op *each)
{
    const struct an_run *run = search->run;
    struct an_guarded *guarded = sn_calloc(run->threads + 1, sizeof *guarded);
    struct an_places places;
    bool may_wait[TR_OP_KINDS];
    find_kinds(search, may_wait);
    an_places_init(&places, run);
    for (size_t i = 0; i < run->ops.count; i++) {
        uint32_t place = an_places_next(&places, run, i);
        struct tr_op op = run->ops.at[i];
        if (may_wait[op.kind])
            each(search, &guarded[op.thread], (struct instance){.op = i, .place = place});
        an_guarded_op(&guarded[op.thread], op);
    }
    an_places_release(&places);
    for (uint32_t t = 0; t < run->threads; t++)
        vec_release(&guarded[t].held.of);
    free(guarded);
}

static void note_join(struct search *search, struct an_guarded *thread, struct instance instance)
{
    struct tr_op op = search->run->ops.at[instance.op];
    if (op.kind == TR_OP_JOIN && thread->held.of.count &&
        an_run_joins_for_ever(search->run, instance.op))
        search->joined[op.target] = true;
}

/* The number of what AWAIT's thread waits for, which its giver holds. */
static uint32_t number_awaited(struct search *search, const struct an_await *await)
{
    uint32_t giver = search->run->ops.at[await->wake].thread;
    uint64_t *number = sn_map_at(&search->awaited, (uint64_t)await->object << 32 | giver);
    if (!*number) {
        *number = search->lock_count++;
        *vec_push(&search->given[giver].of) = (uint32_t)*number;
    }
    return (uint32_t)*number;
}

static void note_awaits(struct search *search, struct an_guarded *thread, struct instance instance)
{
    const struct an_run *run = search->run;
    uint32_t held = an_guarded_set(thread, &search->sets), number = run->ops.at[instance.op].thread;
    for (size_t i = an_run_await(run, instance.op);
         held && i < run->awaits.count && run->awaits.at[i].op == instance.op; i++) {
        const struct an_await *await = &run->awaits.at[i];
        struct node *node = node_of(search, number, number_awaited(search, await),
                                    with_own(search, held, number), false);
        node->giver = run->ops.at[await->wake].thread;
        instance.wake = search->places[await->wake];
        *vec_push(&node->instances) = instance;
    }
}

/* Does anybody wait for something that THREAD has as long as it lives, or gives? */
static bool is_awaited(const struct search *search, uint32_t thread)
{
    return (search->joined && search->joined[thread]) ||
           (search->waits && search->given[thread].of.count);
}

static void note_node(struct search *search, struct an_guarded *thread, struct instance instance)
{
    struct tr_op op = search->run->ops.at[instance.op];
    bool holds = thread->held.of.count > 0, join = op.kind == TR_OP_JOIN;
    bool waits = join ? search->joined && holds && an_run_joins_for_ever(search->run, instance.op)
                      : takes_lock(op.kind);
    if (search->waits)
        note_awaits(search, thread, instance);
    if (!waits || !(holds || is_awaited(search, op.thread)))
        return;
    if (join || !an_held_find(&thread->held, op.target))
        add_instance(search, op, an_guarded_set(thread, &search->sets), instance);
}

/* What is waited for is known before the first node: whoever gives it holds it all along. */
static void number_awaits(struct search *search)
{
    const struct an_run *run = search->run;
    struct an_places places;
    search->given = sn_calloc(run->threads + 1, sizeof *search->given);
    search->places = sn_malloc(run->ops.count * sizeof *search->places);
    vec_each (const struct an_await, await, &run->awaits)
        (void)number_awaited(search, await);
    an_places_init(&places, run);
    for (size_t i = 0; i < run->ops.count; i++)
        search->places[i] = an_places_next(&places, run, i);
    an_places_release(&places);
}

static void find_nodes(struct search *search)
{
    if (search->joined)
        walk(search, note_join);
    if (search->waits)
        number_awaits(search);
    walk(search, note_node);
}

/* Locks on no cycle. ----------------------------------------------------------------------------
 */

static void index_nodes(struct search *search)
{
    for (uint32_t n = 0; n < search->nodes.count; n++) {
        const struct node *node = &search->nodes.at[n];
        const uint32_t *held = an_guards_members(&search->sets, node->held);
        struct lock *wanted = &search->locks[node->lock];
        *vec_push(&wanted->wanting) = n;
        for (uint32_t i = 0; i < an_guards_count(&search->sets, node->held); i++) {
            struct lock *lock = &search->locks[held[i] >> 1];
            *vec_push(&lock->holding) = n;
            lock->out++;
            wanted->in++;
        }
    }
}

static void bury(struct search *search, uint32_t number, struct numbers *dead)
{
    struct lock *lock = &search->locks[number];
    if (lock->buried || (lock->in && lock->out))
        return;
    lock->buried = true;
    *vec_push(&dead->of) = number;
}

static void peel(struct search *search)
{
    struct numbers dead = {0};
    for (uint32_t l = 0; l < search->lock_count; l++)
        bury(search, l, &dead);
    while (dead.of.count) {
        struct lock *lock = &search->locks[*vec_pop(&dead.of)];
        vec_each (uint32_t, n, &lock->wanting) {
            uint32_t set = search->nodes.at[*n].held;
            const uint32_t *held = an_guards_members(&search->sets, set);
            for (uint32_t i = 0; i < an_guards_count(&search->sets, set); i++) {
                search->locks[held[i] >> 1].out--;
                bury(search, held[i] >> 1, &dead);
            }
        }
        vec_each (uint32_t, n, &lock->holding) {
            search->locks[search->nodes.at[*n].lock].in--;
            bury(search, search->nodes.at[*n].lock, &dead);
        }
    }
    vec_release(&dead.of);
}

/* The search. -----------------------------------------------------------------------------------
 */

/* Does NEXT hold what NODE wants, in its way? */
static bool blocks(const struct search *search, const struct node *next, const struct node *node)
{
    const uint32_t *held = an_guards_members(&search->sets, next->held);
    for (uint32_t i = 0; i < an_guards_count(&search->sets, next->held); i++)
        if (held[i] >> 1 == node->lock)
            return held[i] & 1 || !node->shared;
    return false;
}

static bool fits(const struct search *search, const struct node *new, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct node *node = &search->nodes.at[search->path[i]];
        if (node->thread == new->thread || node->lock == new->lock)
            return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (an_guards_protect(&search->sets, search->nodes.at[search->path[i]].held, new->held))
            return false;
    return true;
}

static void add_cycle(struct search *search, uint32_t length)
{
    if (search->cycles.count == TOLD) {
        search->exhausted = true;
        return;
    }
    struct cycle *cycle = vec_push(&search->cycles);
    cycle->length = length;
    memcpy(cycle->nodes, search->path, length * sizeof *cycle->nodes);
}

static void extend(struct search *search, uint32_t count)
{
    const struct node *last = &search->nodes.at[search->path[count - 1]];
    if (count > 1 && blocks(search, &search->nodes.at[search->path[0]], last))
        add_cycle(search, count);
    if (count == search->length)
        return;
    const struct lock *wanted = &search->locks[last->lock];
    for (size_t i = 0; i < wanted->holding.count; i++) {
        uint32_t n = wanted->holding.at[i];
        const struct node *next = &search->nodes.at[n];
        if (n <= search->path[0] || search->locks[next->lock].buried)
            continue;
        if (search->exhausted || ++search->steps > STEPS) {
            search->exhausted = true;
            return;
        }
        if (!blocks(search, next, last) || !fits(search, next, count))
            continue;
        search->path[count] = n;
        extend(search, count + 1);
    }
}

static void search_cycles(struct search *search)
{
    find_nodes(search);
    search->locks = sn_calloc(search->lock_count + 1, sizeof *search->locks);
    index_nodes(search);
    peel(search);
    for (uint32_t n = 0; n < search->nodes.count && !search->exhausted; n++) {
        search->path[0] = n;
        if (!search->locks[search->nodes.at[n].lock].buried)
            extend(search, 1);
    }
}

/* Proofs. ---------------------------------------------------------------------------------------
 */

struct proofs {
    const struct search *search;
    struct an_sync_index index;
    struct an_ideal *ideals; /* of each worker */
    struct an_pattern *told; /* of each cycle; LENGTH 0: it is not reached */
};

/* Is INSTANCE, which may wait, past in IDEAL, or does its thread not wait there any longer? */
static bool is_over(const struct node *node, const struct instance *instance,
                    const struct an_ideal *ideal)
{
    return instance->place <= ideal->place[node->thread] ||
           (instance->wake && instance->wake <= ideal->place[node->giver]);
}

/* Moves CHOSEN to an instance that some order reaches; false if there is none. */
static bool prove(const struct search *search, const struct cycle *cycle, struct an_ideal *ideal,
                  uint32_t *chosen)
{
    an_ideal_clear(ideal);
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < cycle->length; i++) {
            const struct node *node = &search->nodes.at[cycle->nodes[i]];
            while (is_over(node, &node->instances.at[chosen[i]], ideal))
                if (++chosen[i] == node->instances.count)
                    return false;
            uint32_t place = node->instances.at[chosen[i]].place - 1;
            moved |= place > ideal->place[node->thread];
            if (!an_ideal_reach(ideal, node->thread, place))
                return false;
        }
    }
    return true;
}

static int by_number(const void *left, const void *right)
{
    const struct instance *a = left, *b = right;
    return a->op < b->op ? -1 : a->op > b->op;
}

static void tell(const struct search *search, const struct cycle *cycle, const uint32_t *chosen,
                 struct an_pattern *pattern)
{
    struct instance instances[AN_PATTERN_LONGEST];
    for (uint32_t i = 0; i < cycle->length; i++)
        instances[i] = search->nodes.at[cycle->nodes[i]].instances.at[chosen[i]];
    qsort(instances, cycle->length, sizeof *instances, by_number);
    pattern->length = cycle->length;
    for (uint32_t i = 0; i < cycle->length; i++) {
        pattern->ops[i] = instances[i].op;
        pattern->awaits |= (uint32_t)(instances[i].wake > 0) << i;
    }
}

static void prove_one(void *data, unsigned worker, size_t number)
{
    const struct proofs *proofs = data;
    const struct cycle *cycle = &proofs->search->cycles.at[number];
    uint32_t chosen[AN_PATTERN_LONGEST] = {0};
    if (prove(proofs->search, cycle, &proofs->ideals[worker], chosen))
        tell(proofs->search, cycle, chosen, &proofs->told[number]);
}

static void prove_all(const struct search *search, unsigned workers, struct an_patterns *found)
{
    size_t count = search->cycles.count;
    workers = workers < 1 ? 1 : workers < count ? workers : (unsigned)count;
    struct proofs proofs = {.search = search,
                            .ideals = sn_calloc(workers, sizeof *proofs.ideals),
                            .told = sn_calloc(count, sizeof *proofs.told)};
    an_sync_index_build(&proofs.index, search->run);
    for (unsigned w = 0; w < workers; w++)
        an_ideal_init(&proofs.ideals[w], &proofs.index);
    an_workers_run(workers, count, prove_one, &proofs);
    for (size_t i = 0; i < count; i++)
        if (proofs.told[i].length)
            *vec_push(&found->of) = proofs.told[i];
    for (unsigned w = 0; w < workers; w++)
        an_ideal_release(&proofs.ideals[w]);
    an_sync_index_release(&proofs.index);
    free(proofs.ideals);
    free(proofs.told);
}

/* Each with its first instances. */
static void tell_all(const struct search *search, struct an_patterns *found)
{
    static const uint32_t first[AN_PATTERN_LONGEST];
    vec_each (const struct cycle, cycle, &search->cycles)
        tell(search, cycle, first, vec_push(&found->of));
}

/* All of it. ------------------------------------------------------------------------------------
 */

static int by_first(const void *left, const void *right)
{
    const struct an_pattern *a = left, *b = right;
    for (uint32_t i = 0; i < a->length && i < b->length; i++)
        if (a->ops[i] != b->ops[i])
            return a->ops[i] < b->ops[i] ? -1 : 1;
    return a->length < b->length ? -1 : a->length > b->length;
}

static void release(struct search *search)
{
    for (uint32_t t = 0; search->given && t < search->run->threads; t++)
        vec_release(&search->given[t].of);
    for (uint32_t l = 0; l < search->lock_count; l++) {
        vec_release(&search->locks[l].wanting);
        vec_release(&search->locks[l].holding);
    }
    vec_each (struct node, node, &search->nodes)
        vec_release(&node->instances);
    free(search->locks);
    free(search->joined);
    free(search->given);
    free(search->places);
    sn_map_release(&search->awaited);
    vec_release(&search->nodes);
    vec_release(&search->next);
    vec_release(&search->cycles);
    sn_map_release(&search->by_key);
    an_guards_release(&search->sets);
}

void an_patterns_find(const struct an_run *run, uint32_t length, unsigned how, unsigned workers,
                      struct an_patterns *found)
{
    struct search search = {.run = run,
                            .lock_count = run->locks + run->threads,
                            .waits = how & AN_PATTERNS_WAITS && run->awaits.count,
                            .length = length < AN_PATTERN_LONGEST ? length : AN_PATTERN_LONGEST};
    an_guards_init(&search.sets);
    if (how & AN_PATTERNS_JOINS)
        search.joined = sn_calloc(run->threads + 1, sizeof *search.joined);
    search_cycles(&search);
    if (!(how & AN_PATTERNS_PROVED))
        tell_all(&search, found);
    else if (search.cycles.count)
        prove_all(&search, workers, found);
    found->exhausted = search.exhausted;
    if (found->of.count)
        qsort(found->of.at, found->of.count, sizeof *found->of.at, by_first);
    release(&search);
}

void an_patterns_release(struct an_patterns *patterns)
{
    vec_release(&patterns->of);
}
