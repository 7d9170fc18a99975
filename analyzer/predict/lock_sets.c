/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/lock_sets.h"

enum { SMALL = 64 };

static uint64_t hash_of(const uint32_t *locks, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = sn_mix(hash * 31 + locks[i]);
    return hash;
}

const struct an_lock_set *an_lock_sets_at(const struct an_lock_sets *sets, uint32_t number)
{
    static const struct an_lock_set empty;
    return number ? sets->all.at[number - 1] : &empty;
}

uint32_t an_lock_sets_number(struct an_lock_sets *sets, const uint32_t *locks, uint32_t count)
{
    if (!count)
        return 0;
    uint64_t *latest = sn_map_at(&sets->by_hash, hash_of(locks, count));
    for (uint32_t number = (uint32_t)*latest; number; number = sets->all.at[number - 1]->next) {
        const struct an_lock_set *set = sets->all.at[number - 1];
        if (set->count == count && memcmp(set->locks, locks, count * sizeof *locks) == 0)
            return number;
    }
    struct an_lock_set *set = sn_malloc(sizeof *set + count * sizeof *locks);
    set->next = (uint32_t)*latest;
    set->count = count;
    memcpy(set->locks, locks, count * sizeof *locks);
    *vec_push(&sets->all) = set;
    return (uint32_t)(*latest = sets->all.count);
}

static bool apart(const struct an_lock_set *a, const struct an_lock_set *b)
{
    for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
        uint32_t x = a->locks[i] >> 1, y = b->locks[k] >> 1;
        if (x == y && !(a->locks[i] & b->locks[k] & 1))
            return false;
        i += x <= y;
        k += y <= x;
    }
    return true;
}

bool an_lock_sets_apart(const struct an_lock_sets *sets, uint32_t a, uint32_t b)
{
    return !a || !b || apart(an_lock_sets_at(sets, a), an_lock_sets_at(sets, b));
}

void an_lock_sets_release(struct an_lock_sets *sets)
{
    vec_each (struct an_lock_set *, set, &sets->all)
        free(*set);
    vec_release(&sets->all);
    sn_map_release(&sets->by_hash);
}

struct an_lock_hold *an_lock_holds_take(struct an_lock_holds *holds, struct tr_op op)
{
    vec_each (struct an_lock_hold, hold, &holds->of)
        if (hold->lock == op.target) {
            hold->depth++;
            return NULL;
        }
    struct an_lock_hold *new = vec_push(&holds->of);
    *new = (struct an_lock_hold){
        .lock = op.target, .depth = 1, .shared = tr_op_shared((unsigned)op.kind)};
    holds->set_known = false;
    return new;
}

bool an_lock_holds_give(struct an_lock_holds *holds, struct tr_op op, struct an_lock_hold *ended)
{
    for (size_t i = holds->of.count; i-- > 0;) {
        struct an_lock_hold *hold = &holds->of.at[i];
        if (hold->lock != op.target)
            continue;
        if (--hold->depth)
            return false;
        if (ended)
            *ended = *hold;
        vec_remove(&holds->of, i);
        holds->set_known = false;
        return true;
    }
    return false;
}

static int ascending(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

uint32_t an_lock_holds_set(struct an_lock_holds *holds, struct an_lock_sets *sets)
{
    if (holds->set_known)
        return holds->set;
    uint32_t small[SMALL], count = (uint32_t)holds->of.count;
    uint32_t *locks = count > SMALL ? sn_malloc(count * sizeof *locks) : small;
    for (uint32_t i = 0; i < count; i++)
        locks[i] = holds->of.at[i].lock << 1 | holds->of.at[i].shared;
    qsort(locks, count, sizeof *locks, ascending);
    holds->set = an_lock_sets_number(sets, locks, count);
    holds->set_known = true;
    if (locks != small)
        free(locks);
    return holds->set;
}
