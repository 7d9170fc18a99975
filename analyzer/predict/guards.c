/* SPDX-License-Identifier: Apache-2.0 */
/* Members are compared, never hashes: a hash finds the bucket only. */
#include "analyzer/predict/guards.h"

#include "base/map.h"

static int ascending(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static uint64_t hash_of(const uint32_t *members, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = sn_mix(hash + members[i]);
    return hash;
}

static void rehash(struct an_guards *sets)
{
    size_t room = sets->buckets.count ? sets->buckets.count * 2 : 64;
    vec_clear(&sets->buckets);
    vec_reserve(&sets->buckets, room);
    sets->buckets.count = room;
    memset(sets->buckets.at, 0, room * sizeof *sets->buckets.at);
    for (uint32_t id = 1; id < sets->of.count; id++) {
        struct an_guard *set = &sets->of.at[id];
        uint32_t *bucket =
            &sets->buckets.at[hash_of(&sets->members.at[set->start], set->count) & (room - 1)];
        set->next = *bucket;
        *bucket = id;
    }
}

/* The set of the members from START on, which stand at the end of `members`: they stay there if the
 * set is new. */
static uint32_t intern(struct an_guards *sets, size_t start)
{
    uint32_t count = (uint32_t)(sets->members.count - start);
    if (!count)
        return 0;
    const uint32_t *members = sets->members.at + start;
    if (sets->of.count > sets->buckets.count)
        rehash(sets);
    uint32_t *bucket = &sets->buckets.at[hash_of(members, count) & (sets->buckets.count - 1)];
    for (uint32_t id = *bucket; id; id = sets->of.at[id].next) {
        const struct an_guard *set = &sets->of.at[id];
        if (set->count == count &&
            memcmp(&sets->members.at[set->start], members, count * sizeof *members) == 0) {
            sets->members.count = start;
            return id;
        }
    }
    uint64_t filter = 0;
    for (uint32_t i = 0; i < count; i++)
        filter |= UINT64_C(1) << (members[i] >> 1 & 63);
    uint32_t id = (uint32_t)sets->of.count;
    *vec_push(&sets->of) = (struct an_guard){start, count, *bucket, filter};
    *bucket = id;
    return id;
}

void an_guards_init(struct an_guards *sets)
{
    *sets = (struct an_guards){0};
    (void)vec_push(&sets->of);
    rehash(sets);
}

void an_guards_release(struct an_guards *sets)
{
    vec_release(&sets->of);
    vec_release(&sets->members);
    vec_release(&sets->buckets);
    sn_map_release(&sets->common);
}

uint32_t an_guards_held(struct an_guards *sets, const struct an_held_locks *held)
{
    size_t start = sets->members.count;
    vec_each (const struct an_held_lock, entry, &held->of)
        *vec_push(&sets->members) = entry->lock << 1 | (entry->exclusive > 0);
    if (held->of.count)
        qsort(&sets->members.at[start], held->of.count, sizeof *sets->members.at, ascending);
    return intern(sets, start);
}

bool an_guards_protect(const struct an_guards *sets, uint32_t a, uint32_t b)
{
    const struct an_guard *one = &sets->of.at[a], *two = &sets->of.at[b];
    if (!(one->filter & two->filter))
        return false;
    const uint32_t *x = &sets->members.at[one->start], *x_end = x + one->count;
    const uint32_t *y = &sets->members.at[two->start], *y_end = y + two->count;
    while (x < x_end && y < y_end) {
        if (*x >> 1 == *y >> 1) {
            if ((*x | *y) & 1)
                return true;
            x++;
            y++;
        } else if (*x < *y) {
            x++;
        } else {
            y++;
        }
    }
    return false;
}

uint32_t an_guards_common(struct an_guards *sets, uint32_t a, uint32_t b, bool exclusive)
{
    if (!a || !b)
        return 0;
    uint64_t *known = sn_map_at(&sets->common, (uint64_t)a << 32 | (uint64_t)b << 1 | exclusive);
    if (*known)
        return (uint32_t)*known - 1;
    struct an_guard one = sets->of.at[a], two = sets->of.at[b];
    size_t start = sets->members.count;
    for (uint32_t i = 0, j = 0; i < one.count && j < two.count;) {
        uint32_t x = sets->members.at[one.start + i], y = sets->members.at[two.start + j];
        if (x >> 1 == y >> 1) {
            if (!exclusive || (y & 1))
                *vec_push(&sets->members) = x | 1;
            i++;
            j++;
        } else if (x < y) {
            i++;
        } else {
            j++;
        }
    }
    *known = (uint64_t)intern(sets, start) + 1;
    return (uint32_t)*known - 1;
}

uint32_t an_guards_with(struct an_guards *sets, uint32_t set, uint32_t member)
{
    size_t start = sets->members.count;
    uint32_t count = sets->of.at[set].count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t one = sets->members.at[sets->of.at[set].start + i];
        *vec_push(&sets->members) = one;
    }
    *vec_push(&sets->members) = member;
    return intern(sets, start);
}

void an_guarded_op(struct an_guarded *guarded, struct tr_op op)
{
    struct an_held_lock was;
    if (tr_op_acquires(op.kind))
        (void)an_held_acquire(&guarded->held, op.target, tr_op_shared(op.kind));
    else if (tr_op_releases(op.kind))
        (void)an_held_release(&guarded->held, op.target, tr_op_shared(op.kind), &was);
    else
        return;
    guarded->changed = true;
}

uint32_t an_guarded_set(struct an_guarded *guarded, struct an_guards *sets)
{
    if (guarded->changed)
        guarded->set = an_guards_held(sets, &guarded->held);
    guarded->changed = false;
    return guarded->set;
}
