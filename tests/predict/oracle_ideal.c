/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sync-preserving reorderings: parts of the run, replayed in its own order. Such a part, an ideal,
 * has with each operation what hard order asks and the write that a read reads; of two sections
 * that exclude each other the earlier one whole; and for its waits enough posts.
 *
 * Races: Mathur, Pavlogiannis, Viswanathan, "Optimal prediction of synchronization-preserving
 * races", POPL 2021. Deadlocks: Tunc and others, PLDI 2023 (analyzer/predict/patterns.h).
 */
#include "tests/predict/oracle.h"

static oracle_set add_operations(const struct oracle *o, oracle_set ideal)
{
    for (unsigned i = o->count; i-- > 0;)
        if (ideal & oracle_bit(i)) {
            ideal |= o->hard[i] | o->event[i];
            if (o->writer[i] != ORACLE_NONE)
                ideal |= oracle_bit((unsigned)o->writer[i]);
        }
    return ideal;
}

/* False if a section would have to end that never did. */
static bool add_releases(const struct oracle *o, oracle_set *ideal)
{
    oracle_set sections = *ideal & o->sections;
    for (unsigned b = 0; b < o->count; b++)
        for (unsigned a = 0; a < b; a++) {
            if (!(sections & oracle_bit(a)) || !(sections & oracle_bit(b)) ||
                !oracle_exclude(o, a, b))
                continue;
            if (o->match[a] == ORACLE_NONE)
                return false;
            *ideal |= oracle_bit((unsigned)o->match[a]);
        }
    return true;
}

/* False if there are fewer than COUNT. */
static bool add_first_posts(const struct oracle *o, uint32_t semaphore, unsigned count,
                            oracle_set *ideal)
{
    for (unsigned i = 0; i < o->count && count; i++)
        if (oracle_op(o, i).kind == TR_OP_POST && oracle_op(o, i).target == semaphore) {
            *ideal |= oracle_bit(i);
            count--;
        }
    return count == 0;
}

/* False if a token would be needed that nobody is known to have given. */
static bool add_posts(const struct oracle *o, oracle_set *ideal)
{
    for (uint32_t s = 0; s < o->run->initial.count; s++) {
        uint32_t waits = 0, initial = o->run->initial.at[s];
        for (unsigned i = 0; i < o->count; i++)
            waits += *ideal & oracle_bit(i) && oracle_op(o, i).kind == TR_OP_WAIT &&
                     oracle_op(o, i).target == s;
        if (waits > initial && !add_first_posts(o, s, waits - initial, ideal))
            return false;
    }
    return true;
}

/* The least ideal that has SEEDS. False if there is none. */
static bool close_ideal(const struct oracle *o, oracle_set seeds, oracle_set *ideal)
{
    *ideal = seeds;
    for (oracle_set before = ~seeds; before != *ideal;) {
        before = *ideal;
        *ideal = add_operations(o, *ideal);
        if (!add_releases(o, ideal) || !add_posts(o, ideal))
            return false;
    }
    return true;
}

/* Is there an ideal behind which all of ENDS come next? */
static bool all_next(const struct oracle *o, oracle_set ends)
{
    oracle_set seeds = 0, ideal;
    for (unsigned i = 0; i < o->count; i++)
        if (o->event[i] & ends)
            seeds |= o->hard[i] & ~o->event[i];
    return close_ideal(o, seeds, &ideal) && !(ideal & ends);
}

void oracle_races_syncp(const struct oracle *o, struct oracle_races *races)
{
    for (unsigned j = 0; j < o->count; j++)
        for (unsigned i = 0; i < j; i++)
            if (oracle_conflict(o, i, j) && all_next(o, oracle_bit(i) | oracle_bit(j)))
                races->with[j] |= oracle_bit(i);
}

bool oracle_reached(const struct oracle *o, oracle_set instance)
{
    return all_next(o, instance);
}

bool oracle_cycles_have(const struct oracle_cycles *cycles, oracle_set cycle)
{
    vec_each (oracle_set, known, &cycles->of)
        if (*known == cycle)
            return true;
    return false;
}

void oracle_cycles_add(struct oracle_cycles *cycles, oracle_set cycle)
{
    if (!oracle_cycles_have(cycles, cycle))
        *vec_push(&cycles->of) = cycle;
}

/* Does acquisition A wait for a lock that B's thread holds at B? */
static bool waits_for(const struct oracle *o, unsigned a, unsigned b)
{
    for (unsigned h = 0; h < o->count; h++)
        if (o->held[b] & oracle_bit(h) && oracle_exclude(o, a, h))
            return true;
    return false;
}

static bool guarded(const struct oracle *o, unsigned a, unsigned b)
{
    for (unsigned h = 0; h < o->count; h++)
        if (o->held[b] & oracle_bit(h))
            for (unsigned g = 0; g < o->count; g++)
                if (o->held[a] & oracle_bit(g) && oracle_exclude(o, g, h))
                    return true;
    return false;
}

static bool is_party(const struct oracle *o, unsigned a)
{
    unsigned kind = oracle_op(o, a).kind;
    return o->sections & oracle_bit(a) && o->held[a] &&
           (kind == TR_OP_ACQUIRE || kind == TR_OP_ACQUIRE_SHARED);
}

/* Goes on from CHAIN, which begins with acquisition FIRST, the least of it, and ends with LAST. */
static void extend(const struct oracle *o, oracle_set chain, unsigned first, unsigned last,
                   unsigned room, struct oracle_cycles *found)
{
    if (first != last && waits_for(o, last, first))
        oracle_cycles_add(found, chain);
    for (unsigned a = first + 1; room && a < o->count; a++) {
        bool fits = is_party(o, a) && waits_for(o, last, a);
        for (unsigned c = first; fits && c < o->count; c++)
            if (chain & oracle_bit(c))
                fits = !oracle_same_thread(o, c, a) && !oracle_same_target(o, c, a) &&
                       !guarded(o, c, a);
        if (fits)
            extend(o, chain | oracle_bit(a), first, a, room - 1, found);
    }
}

void oracle_patterns(const struct oracle *o, unsigned longest, struct oracle_cycles *found)
{
    for (unsigned a = 0; a < o->count; a++)
        if (is_party(o, a))
            extend(o, oracle_bit(a), a, a, longest - 1, found);
}

static bool held_within(const struct oracle *o, unsigned a, unsigned b)
{
    for (unsigned h = 0; h < o->count; h++) {
        bool there = !(o->held[a] & oracle_bit(h));
        for (unsigned g = 0; g < o->count && !there; g++)
            there = o->held[b] & oracle_bit(g) && oracle_same_target(o, g, h) &&
                    tr_op_shared(oracle_op(o, g).kind) == tr_op_shared(oracle_op(o, h).kind);
        if (!there)
            return false;
    }
    return true;
}

/* Does B do in its thread what A does, with the same locks? */
static bool alike(const struct oracle *o, unsigned a, unsigned b)
{
    return is_party(o, a) && oracle_same_thread(o, a, b) && oracle_same_target(o, a, b) &&
           oracle_op(o, a).kind == oracle_op(o, b).kind && held_within(o, a, b) &&
           held_within(o, b, a);
}

oracle_set oracle_abstract(const struct oracle *o, oracle_set instance)
{
    oracle_set abstract = 0;
    for (unsigned b = 0; b < o->count; b++)
        for (unsigned a = 0; instance & oracle_bit(b) && a <= b; a++)
            if (alike(o, a, b)) {
                abstract |= oracle_bit(a);
                break;
            }
    return abstract;
}
