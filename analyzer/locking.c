/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/locking.h"

enum {
    VARIANTS = 8,   /* of one use, by distances */
    PLACES = 16,    /* of locks in blocks that one place makes: more are elements of an array */
    CLASSES = 2000, /* of locks, beyond which the place where they were made is all that counts */
    USES = 100000,  /* beyond which the innermost place is all that counts */
    NEAR = 1 << 20, /* bytes that static objects hardly have more of */
    HELD = 32,      /* locks at once that are looked at: the latest */
    BLENDED = 1,    /* in a key: of several distances */
};

static uint64_t hash(uint64_t so_far, uint64_t value)
{
    return sn_mix(so_far ^ sn_mix(value + 0x9e3779b97f4a7c15));
}

/* Locks -----------------------------------------------------------------------------------------
 */

/* Where OBJECT lies, if there are few that were made alike; else how they were made. */
static uint64_t place_of(struct an_locking *locking, const struct an_object *object, uint64_t key)
{
    bool in_block = object->block_size != 0;
    key = hash(key, in_block ? object->block_stack : object->create_stack);
    uint64_t at = hash(key, in_block ? object->block_offset : object->place);
    bool alone = !in_block && !object->create_stack; /* nobody initialised it */
    if (alone || sn_map_find(&locking->classes, at))
        return at;
    return ++*sn_map_at(&locking->class_sizes, key) > PLACES ? key : at;
}

static uint64_t class_key(struct an_locking *locking, const struct an_object *object)
{
    uint64_t key = hash(object->type, object->block_size != 0);
    uint64_t at = place_of(locking, object, key);
    if (locking->to->cast.locks.count < CLASSES || sn_map_find(&locking->classes, at))
        return at;
    return hash(key, object->create_stack);
}

static uint32_t class_of(struct an_locking *locking, const struct an_object *object)
{
    struct sn_locking *to = locking->to;
    vec_cover(&locking->class_of, object->id);
    uint32_t *class = &locking->class_of.at[object->id];
    if (*class)
        return *class - 1;
    uint64_t *known = sn_map_at(&locking->classes, class_key(locking, object));
    if (!*known) {
        an_name_lock(locking->ctx, &to->cast, object);
        *vec_push(&to->objects) = 0;
        *known = to->cast.locks.count;
    }
    *class = (uint32_t)*known;
    to->objects.at[*class - 1]++;
    return *class - 1;
}

/* Stacks ----------------------------------------------------------------------------------------
 */

static uint32_t stack_index(struct an_locking *locking, uint32_t stack)
{
    uint64_t *index = sn_map_at(&locking->stacks, stack);
    if (!*index) {
        *vec_push(&locking->to->stacks) = an_stack(locking->ctx, stack);
        *index = locking->to->stacks.count;
    }
    return (uint32_t)*index - 1;
}

static uint64_t innermost(struct an_locking *locking, uint32_t stack)
{
    struct tr_stack of = tr_reader_stack(locking->ctx->reader, stack);
    return of.count ? of.pcs[0] : 0;
}

static uint64_t origin_key(const struct an_thread *thread, const struct an_object *lock)
{
    return (uint64_t)thread->index << 32 | lock->id;
}

static uint32_t origin_of(struct an_locking *locking, const struct an_thread *thread,
                          const struct an_held *held)
{
    const uint64_t *stack = sn_map_find(&locking->origins, origin_key(thread, held->object));
    return stack ? (uint32_t)*stack : held->stack;
}

void an_locking_took(struct an_locking *locking, const struct an_thread *thread,
                     const struct an_held *lock)
{
    *sn_map_at(&locking->origins, origin_key(thread, lock->object)) = lock->stack;
}

void an_locking_gave(struct an_locking *locking, const struct an_thread *thread,
                     const struct an_object *lock)
{
    sn_map_remove(&locking->origins, origin_key(thread, lock));
}

/* Uses ------------------------------------------------------------------------------------------
 */

struct held { /* what is looked at */
    struct sn_use_lock as;
    uint32_t origin;
};

struct now {
    const struct an_use *use;
    const struct an_block *block; /* around what is accessed; or NULL */
    struct held held[HELD];
    uint32_t count;
};

/* How far LOCK is from what is accessed, if they may be parts of one object. */
static void tell_distance(const struct now *now, const struct an_object *lock, struct held *held)
{
    held->as.from = held->as.to = (int64_t)(lock->address - now->use->address);
    bool in_block = lock->block_size != 0;
    if (in_block || now->block)
        held->as.apart =
            !in_block || !now->block || now->block->start != lock->address - lock->block_offset;
    else
        held->as.apart = held->as.from > NEAR || held->as.from < -NEAR;
    if (held->as.apart)
        held->as.from = held->as.to = 0;
}

static void add_held(struct an_locking *locking, struct now *now, const struct an_held *held)
{
    if (now->count == HELD)
        return;
    struct held *to = &now->held[now->count++];
    to->as = (struct sn_use_lock){.lock = class_of(locking, held->object), .shared = held->shared};
    to->origin = origin_of(locking, now->use->thread, held);
    if (!now->use->lock)
        tell_distance(now, held->object, to);
}

static void look(struct an_locking *locking, struct now *now)
{
    const struct an_use *use = now->use;
    const struct an_thread *thread = use->thread;
    if (!use->lock)
        now->block = an_heap_block(&locking->ctx->world->heap, use->address);
    if (now->block && now->block->mapped)
        now->block = NULL;
    if (use->kind == SN_USE_RELEASE)
        add_held(locking, now, use->lock);
    for (size_t i = thread->held.count > HELD ? thread->held.count - HELD : 0;
         i < thread->held.count; i++)
        if (!use->lock || thread->held.at[i].object != use->lock->object)
            add_held(locking, now, &thread->held.at[i]);
}

/* All but distances, and, if COARSE, no more of stacks than their innermost places. */
static uint64_t base_key(struct an_locking *locking, const struct now *now, bool coarse)
{
    const struct an_use *use = now->use;
    uint64_t place = coarse ? innermost(locking, use->stack) : use->stack;
    uint64_t key = hash(hash(use->kind, coarse), place);
    key = use->lock ? hash(hash(key, class_of(locking, use->lock->object)), use->lock->shared)
                    : hash(key, use->size);
    for (uint32_t i = 0; i < now->count; i++) {
        const struct sn_use_lock *as = &now->held[i].as;
        key = hash(key, (uint64_t)as->lock << 2 | (uint64_t)as->shared << 1 | as->apart);
        key = hash(key, coarse ? 0 : now->held[i].origin);
    }
    return key;
}

/* The variable too, where it is static: it has an address of its own. */
static uint64_t exact_key(const struct now *now, uint64_t base)
{
    uint64_t key = hash(base, now->block ? 0 : now->use->address);
    for (uint32_t i = 0; i < now->count; i++)
        key = hash(key, (uint64_t)now->held[i].as.from);
    return key;
}

static void blend(struct sn_use *use, const struct now *now)
{
    for (uint32_t i = 0; i < use->held_count; i++) {
        const struct sn_use_lock *from = &now->held[i].as;
        struct sn_use_lock *to = &use->held[i];
        to->from = from->from < to->from ? from->from : to->from;
        to->to = from->to > to->to ? from->to : to->to;
    }
}

static uint32_t variable_of(struct an_locking *locking, const struct now *now)
{
    const struct an_use *use = now->use;
    uint32_t size = use->size > UINT32_MAX ? UINT32_MAX : (uint32_t)use->size;
    uint64_t key = now->block ? hash(now->block->stack, use->address - now->block->start)
                              : hash(0, use->address);
    uint64_t *known = sn_map_at(&locking->variables, hash(key, size));
    if (!*known) {
        *vec_push(&locking->to->variables) = an_variable(locking->ctx, use->address, size);
        *known = locking->to->variables.count;
    }
    return (uint32_t)*known;
}

static uint32_t add_use(struct an_locking *locking, const struct now *now, bool coarse)
{
    const struct an_use *use = now->use;
    struct sn_use made = {
        .kind = use->kind,
        .size = use->size > UINT32_MAX ? UINT32_MAX : (uint32_t)use->size,
        .stack = stack_index(locking, use->stack),
        .variable = use->lock ? 0 : variable_of(locking, now),
        .lock = use->lock ? class_of(locking, use->lock->object) + 1 : 0,
        .shared = use->lock && use->lock->shared,
        .coarse = coarse,
        .held = SN_NEW_ARRAY(&locking->ctx->report->arena, struct sn_use_lock, now->count),
        .held_count = now->count,
    };
    for (uint32_t i = 0; i < now->count; i++) {
        made.held[i] = now->held[i].as;
        made.held[i].stack = stack_index(locking, now->held[i].origin);
    }
    *vec_push(&locking->to->uses) = made;
    return (uint32_t)locking->to->uses.count;
}

/* The key under which NOW is summed up: few of one use differ in distances. */
static uint64_t key_of(struct an_locking *locking, const struct now *now, bool coarse)
{
    uint64_t base = base_key(locking, now, coarse), key = exact_key(now, base);
    if (now->use->lock || sn_map_find(&locking->uses, key))
        return key;
    return ++*sn_map_at(&locking->variants, base) > VARIANTS ? hash(base, BLENDED) : key;
}

struct sn_use *an_locking_use(struct an_locking *locking, const struct an_use *use)
{
    struct now now = {.use = use};
    look(locking, &now);
    uint64_t key = key_of(locking, &now, false);
    bool coarse = locking->to->uses.count >= USES && !sn_map_find(&locking->uses, key);
    if (coarse)
        key = key_of(locking, &now, true);
    const uint64_t *known = sn_map_find(&locking->uses, key);
    uint32_t index = known ? (uint32_t)*known : add_use(locking, &now, coarse);
    *sn_map_at(&locking->uses, key) = index;
    struct sn_use *to = &locking->to->uses.at[index - 1];
    blend(to, &now);
    to->count++;
    to->users |= 1ull << use->thread->number % 64;
    return to;
}

void an_locking_release(struct an_locking *locking)
{
    vec_release(&locking->class_of);
    sn_map_release(&locking->classes);
    sn_map_release(&locking->class_sizes);
    sn_map_release(&locking->stacks);
    sn_map_release(&locking->variants);
    sn_map_release(&locking->uses);
    sn_map_release(&locking->origins);
    sn_map_release(&locking->variables);
}
