/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/sights.h"

#include "analyzer/world/world.h"

enum { RANGE_LOOKED_AT = 64 << 20 /* of one access, as the world does */ };

/* Locks. ----------------------------------------------------------------------------------------
 */

/* The world's lock set as one of `guards`. */
static uint32_t guard_of(struct an_world *world, uint32_t lockset)
{
    struct an_sights *sights = &world->sights;
    vec_cover(&sights->guard_of, lockset);
    uint32_t *known = &sights->guard_of.at[lockset];
    if (*known)
        return *known - 1;
    const struct an_lockset *set = an_lockset(world, lockset);
    uint32_t guard = 0;
    for (uint32_t i = 0; i < set->count; i++)
        guard = an_guards_with(&sights->guards, guard, set->locks[i] ^ 1);
    *known = guard + 1;
    return guard;
}

/* Uses. -----------------------------------------------------------------------------------------
 */

static bool is_over(const struct an_world *world, const struct an_sight_use *use)
{
    return use->thread == world->now.thread->index ||
           an_order_before(&world->hard, world->now.thread, use->slot, use->clock);
}

/* Do all uses come before what happens now, in every order? */
static bool all_over(const struct an_world *world, const struct an_sight_phase *phase)
{
    if (!phase->others)
        return is_over(world, &phase->first);
    vec_each (const struct an_sight_use, use, &world->sights.lists.at[phase->others - 1].of)
        if (!is_over(world, use))
            return false;
    return true;
}

static bool is_shared(const struct an_sights *sights, const struct an_sight_phase *phase)
{
    return phase->others && sights->lists.at[phase->others - 1].of.count > 1;
}

static void add_use(struct an_sights *sights, struct an_sight_phase *phase, struct an_sight_use use)
{
    if (!is_shared(sights, phase) && phase->first.thread == use.thread)
        phase->first = use;
    if (!phase->others && phase->first.thread == use.thread)
        return;
    if (!phase->others) {
        (void)vec_push(&sights->lists);
        phase->others = (uint32_t)sights->lists.count;
        *vec_push(&sights->lists.at[phase->others - 1].of) = phase->first;
    }
    struct an_sight_uses *list = &sights->lists.at[phase->others - 1];
    vec_each (struct an_sight_use, known, &list->of)
        if (known->thread == use.thread) {
            *known = use;
            return;
        }
    *vec_push(&list->of) = use;
}

/* What is to be said of a use beside whose it is. */
struct kind {
    uint32_t guard;
    bool write, plain;
};

/* PHASE, whatever it was, has no use but this one. */
static void begin(struct an_sights *sights, struct an_sight_phase *phase, struct an_sight_use use,
                  struct kind kind)
{
    *phase = (struct an_sight_phase){
        .first = use,
        .others = phase->others,
        .common = an_guards_common(&sights->guards, kind.guard, kind.guard, kind.write),
        .any = true,
        .written = kind.write,
        .plain = kind.plain};
    if (phase->others) {
        vec_clear(&sights->lists.at[phase->others - 1].of);
        *vec_push(&sights->lists.at[phase->others - 1].of) = use;
    }
}

static void follow_phase(struct an_sights *sights, struct an_sight *sight, struct an_sight_use use,
                         struct kind kind)
{
    struct an_sight_phase older = sight->past;
    sight->past = sight->now;
    if (older.any) {
        sight->past.common =
            an_guards_common(&sights->guards, sight->past.common, older.common, false);
        sight->past.written |= older.written;
        sight->past.plain |= older.plain;
    }
    sight->now.others = older.others;
    begin(sights, &sight->now, use, kind);
}

static bool is_new_phase(const struct an_world *world, const struct an_sight_phase *now,
                         struct an_sight_use use, struct kind kind, uint32_t left)
{
    if (is_shared(&world->sights, now) || now->first.thread != use.thread)
        return !left && all_over(world, now);
    bool other_locks = !left && (now->common || kind.guard) && (now->written || kind.write);
    return other_locks || (now->written && !kind.write);
}

/* Can the latest use race with an earlier one, in some order? */
static bool is_suspect(struct an_world *world, const struct an_sight *sight)
{
    struct an_sight_phase of = sight->now;
    bool shared = is_shared(&world->sights, &of);
    if (sight->past.any && !all_over(world, &sight->past)) {
        of.common = an_guards_common(&world->sights.guards, of.common, sight->past.common, false);
        of.written |= sight->past.written;
        of.plain |= sight->past.plain;
        shared = true;
    }
    return shared && of.written && of.plain && !of.common;
}

static uint32_t number_new(struct an_sights *sights)
{
    if (sights->spare.count)
        return *vec_pop(&sights->spare);
    (void)vec_push(&sights->all);
    return (uint32_t)sights->all.count;
}

static void see(struct an_world *world, struct an_cell *cell, uint64_t granule)
{
    struct an_sights *sights = &world->sights;
    const struct an_access *access = &world->now.access;
    bool new = !cell->sight;
    if (new)
        cell->sight = number_new(sights);
    struct an_sight *sight = &sights->all.at[cell->sight - 1];
    if (sight->suspect)
        return;
    struct an_sight_use use = {access->slot, access->thread, access->clock};
    struct kind kind = {.guard = guard_of(world, access->lockset),
                        .write = access->flags & AN_WRITE,
                        .plain = !(access->flags & AN_ATOMIC)};
    struct an_sight_phase *now = &sight->now;
    if (new) {
        sight->past.any = false;
        begin(sights, now, use, kind);
        return;
    }
    uint32_t left = an_guards_common(&sights->guards, now->common, kind.guard, kind.write);
    if (is_new_phase(world, now, use, kind, left)) {
        follow_phase(sights, sight, use, kind);
    } else {
        now->common = left;
        now->written |= kind.write;
        now->plain |= kind.plain;
        add_use(sights, now, use);
    }
    sight->suspect = is_suspect(world, sight);
    if (sight->suspect)
        *vec_push(&sights->suspects.of) = (struct an_suspect){access->index, granule};
}

void an_sights_access(struct an_world *world, uint64_t address, uint64_t size)
{
    struct an_sights *sights = &world->sights;
    uint64_t end = address + (size < RANGE_LOOKED_AT ? size : RANGE_LOOKED_AT);
    if (!sights->wanted || end < address)
        return;
    for (uint64_t at = address & ~UINT64_C(7); at < end; at += 8)
        see(world, an_memory_cell(&world->memory, at), at);
}

static void end_cell(void *data, struct an_cell *cell, uint64_t granule)
{
    struct an_world *world = data;
    if (!cell->sight)
        return;
    see(world, cell, granule);
    world->sights.all.at[cell->sight - 1].suspect = false;
    *vec_push(&world->sights.spare) = cell->sight;
    cell->sight = 0;
}

void an_sights_free(struct an_world *world, uint64_t address, uint64_t size)
{
    if (world->sights.wanted && size)
        an_memory_visit(&world->memory, address, size, end_cell, world);
}

void an_sights_release(struct an_sights *sights)
{
    vec_each (struct an_sight_uses, list, &sights->lists)
        vec_release(&list->of);
    vec_release(&sights->lists);
    vec_release(&sights->all);
    vec_release(&sights->spare);
    vec_release(&sights->suspects.of);
    vec_release(&sights->guard_of);
    if (sights->wanted)
        an_guards_release(&sights->guards);
}
