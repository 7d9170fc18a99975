/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that nobody takes while holding another, or while holding which nobody takes another, lie
 * on no cycle: they are peeled off until none is left. Most programs end there. Over what remains a
 * depth-first search goes from each node through nodes with a greater number.
 */
#include "analyzer/lock_order.h"

enum {
    MOMENTS = 32,            /* kept of a node: the first ones and the latest */
    STEPS = 4 * 1000 * 1000, /* of the search, in all */
    LONGEST = 16,            /* cycle */
};

/* When a node was taken: who knew what by more than locks. */
struct an_moment {
    uint32_t slot;
    uint64_t clock;
    struct an_snapshot *past;
};

const struct an_held *an_node_holds(const struct an_node *node, const struct an_object *object)
{
    for (uint32_t i = 0; i < node->held_count; i++)
        if (node->held[i].object == object)
            return &node->held[i];
    return NULL;
}

/* Of moments with one past the latest says most: least is known of it. */
void an_node_again(struct an_lock_order *order, struct an_node *node)
{
    const struct an_thread *thread = node->thread;
    struct an_snapshot *past = an_order_snapshot(&order->world->hard, thread);
    struct an_moment *last = node->moment_count ? &node->moments[node->moment_count - 1] : NULL;
    if (last && (last->past == past || node->moment_count == MOMENTS)) {
        an_snapshot_drop(last->past);
    } else {
        if (!node->moments)
            node->moments = SN_NEW_ARRAY(&order->world->arena, struct an_moment, MOMENTS);
        last = &node->moments[node->moment_count++];
    }
    *last = (struct an_moment){thread->slot, thread->clock, past};
}

struct an_node *an_node_new(struct an_lock_order *order, const struct an_thread *thread,
                            const struct an_object *wanted)
{
    struct an_node *node = SN_NEW(&order->world->arena, struct an_node);
    node->thread = thread;
    node->wanted = wanted;
    node->held = SN_NEW_ARRAY(&order->world->arena, struct an_held, thread->held.count);
    vec_each (struct an_held, held, &thread->held)
        if (held->object != wanted)
            node->held[node->held_count++] = *held;
    return node;
}

static struct an_node *add_node(struct an_lock_order *order, const struct an_thread *thread,
                                const struct an_object *wanted)
{
    struct an_node *node = an_node_new(order, thread, wanted);
    *vec_push(&order->nodes) = node;
    return node;
}

static uint64_t key_of(const struct an_thread *thread, const struct an_object *wanted,
                       uint32_t lockset)
{
    return sn_mix((uint64_t)thread->index << 32 | lockset) ^ wanted->id;
}

void an_lock_order_taken(struct an_lock_order *order)
{
    struct an_thread *thread = order->world->now.thread;
    const struct an_object *wanted = order->world->now.object;
    if (thread->held.count < 2 || !thread->whole || !an_is_sure(thread, order->world->now.index))
        return;
    uint64_t key = key_of(thread, wanted, an_thread_lockset(order->world, thread));
    uint64_t *number = sn_map_at(&order->by_key, key);
    if (!*number) {
        const struct an_held *taken = vec_last(&thread->held);
        struct an_node *node = add_node(order, thread, wanted);
        node->shared = taken->shared;
        node->stack = taken->stack;
        node->index = taken->index;
        *number = order->nodes.count;
    }
    struct an_node *node = order->nodes.at[*number - 1];
    node->count++;
    an_node_again(order, node);
}

void an_lock_order_waiting(struct an_lock_order *order)
{
    vec_each (struct an_thread *, thread, &order->world->threads.all) {
        const struct an_wait *wait = &(*thread)->wait;
        if (wait->kind != AN_WAIT_LOCK || wait->timed || !(*thread)->whole ||
            !an_is_sure(*thread, wait->index) || !(*thread)->held.count ||
            an_thread_holds(*thread, wait->object))
            continue;
        struct an_node *node = add_node(order, *thread, wait->object);
        node->shared = wait->shared;
        node->stack = wait->stack;
        node->index = wait->index;
        node->count = 1;
        an_node_again(order, node);
    }
}

/* What excludes what. ---------------------------------------------------------------------------
 */

/* Does X hold LOCK in the way of a hold by other than HOLDER? Also what its makers hold for it. */
static bool excludes(const struct an_node *x, const struct an_held *lock,
                     const struct an_thread *holder)
{
    const struct an_held *held = an_node_holds(x, lock->object);
    if (held && x->thread != holder && !(held->shared && lock->shared))
        return true;
    for (const struct an_thread *thread = x->thread; thread; thread = thread->guardian)
        vec_each (struct an_held, guard, &thread->guards)
            if (guard->object == lock->object && thread->guardian != holder &&
                !(guard->shared && lock->shared))
                return true;
    return false;
}

static bool gated(const struct an_node *x, const struct an_node *y)
{
    for (uint32_t i = 0; i < y->held_count; i++)
        if (excludes(x, &y->held[i], y->thread))
            return true;
    for (const struct an_thread *thread = y->thread; thread; thread = thread->guardian)
        vec_each (struct an_held, guard, &thread->guards)
            if (excludes(x, guard, thread->guardian))
                return true;
    return false;
}

/* A lock may have been held of which a ring knows only that it was given back: by the thread, or
 * by a maker that guards it. */
static bool maybe_held(const struct an_node *x, const struct an_object *object)
{
    if (an_node_holds(x, object))
        return true;
    for (const struct an_thread *thread = x->thread; thread; thread = thread->parent)
        vec_each (struct an_object *const, gave_back, &thread->gave_back)
            if (*gave_back == object)
                return true;
    return false;
}

static bool maybe_gated(const struct an_node *x, const struct an_node *y)
{
    for (const struct an_thread *thread = x->thread; thread; thread = thread->parent)
        vec_each (struct an_object *const, gave_back, &thread->gave_back)
            if (maybe_held(y, *gave_back))
                return true;
    return false;
}

static bool before(const struct an_moment *a, const struct an_moment *b)
{
    return a->clock <= an_clock_get(&b->past->past.hb, a->slot);
}

/* Was there a time when neither had to come before the other? */
static bool concurrent(const struct an_node *x, const struct an_node *y)
{
    for (uint32_t i = 0; i < x->moment_count; i++)
        for (uint32_t k = 0; k < y->moment_count; k++)
            if (!before(&x->moments[i], &y->moments[k]) && !before(&y->moments[k], &x->moments[i]))
                return true;
    return false;
}

bool an_nodes_may_meet(const struct an_node *x, const struct an_node *y)
{
    return !gated(x, y) && !maybe_gated(x, y) && !maybe_gated(y, x) && concurrent(x, y);
}

/* Does NEXT hold what NODE wants, in its way? */
static bool blocks(const struct an_node *next, const struct an_node *node)
{
    const struct an_held *held = an_node_holds(next, node->wanted);
    return held && !(held->shared && node->shared);
}

static bool fits(const struct an_node *new, const struct an_node *const *path, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (path[i]->thread == new->thread || path[i]->wanted == new->wanted)
            return false;
    for (uint32_t i = 0; i < count; i++)
        if (!an_nodes_may_meet(path[i], new))
            return false;
    return true;
}

/* The search. -----------------------------------------------------------------------------------
 */

struct lock {
    VEC(uint32_t) wanting, holding; /* indices of nodes, ascending */
    uint32_t in, out;               /* edges to and from what is not buried */
    bool buried;                    /* lies on no cycle */
};

struct id_list {
    VEC(uint32_t) of;
};

struct search {
    struct an_lock_order *order;
    uint32_t length;
    uint64_t steps;
    struct lock *locks; /* by object id */
    struct sn_map told; /* sets of locks */
    void (*tell)(void *, const struct an_node *const *, uint32_t);
    void *data;
    const struct an_node *path[LONGEST];
};

static void index_nodes(struct search *search)
{
    struct an_lock_order *order = search->order;
    for (uint32_t n = 0; n < order->nodes.count; n++) {
        const struct an_node *node = order->nodes.at[n];
        struct lock *wanted = &search->locks[node->wanted->id];
        *vec_push(&wanted->wanting) = n;
        for (uint32_t i = 0; i < node->held_count; i++) {
            struct lock *held = &search->locks[node->held[i].object->id];
            *vec_push(&held->holding) = n;
            held->out++;
            wanted->in++;
        }
    }
}

static void bury(struct lock *lock, uint32_t id, struct id_list *dead)
{
    if (lock->buried || (lock->in && lock->out))
        return;
    lock->buried = true;
    *vec_push(&dead->of) = id;
}

static void peel(struct search *search, uint32_t locks)
{
    struct id_list dead = {0};
    for (uint32_t id = 1; id < locks; id++)
        bury(&search->locks[id], id, &dead);
    while (dead.of.count) {
        struct lock *lock = &search->locks[*vec_pop(&dead.of)];
        vec_each (uint32_t, n, &lock->wanting) {
            const struct an_node *node = search->order->nodes.at[*n];
            for (uint32_t i = 0; i < node->held_count; i++) {
                uint32_t id = node->held[i].object->id;
                search->locks[id].out--;
                bury(&search->locks[id], id, &dead);
            }
        }
        vec_each (uint32_t, n, &lock->holding) {
            uint32_t id = search->order->nodes.at[*n]->wanted->id;
            search->locks[id].in--;
            bury(&search->locks[id], id, &dead);
        }
    }
    vec_release(&dead.of);
}

static bool is_new(struct search *search, uint32_t count)
{
    uint64_t set = count;
    for (uint32_t i = 0; i < count; i++)
        set += sn_mix(search->path[i]->wanted->id);
    return (*sn_map_at(&search->told, set))++ == 0;
}

static void extend(struct search *search, uint32_t first, uint32_t count)
{
    const struct an_node *last = search->path[count - 1];
    if (count > 1 && blocks(search->path[0], last)) {
        if (is_new(search, count))
            search->tell(search->data, search->path, count);
        return;
    }
    const struct lock *wanted = &search->locks[last->wanted->id];
    for (size_t i = 0; count < search->length && i < wanted->holding.count; i++) {
        const struct an_node *next = search->order->nodes.at[wanted->holding.at[i]];
        if (wanted->holding.at[i] <= first || search->locks[next->wanted->id].buried)
            continue;
        if (++search->steps > STEPS) {
            search->order->exhausted = true;
            return;
        }
        if (!blocks(next, last) || !fits(next, search->path, count))
            continue;
        search->path[count] = next;
        extend(search, first, count + 1);
    }
}

void an_lock_order_cycles(struct an_lock_order *order, uint32_t length,
                          void (*tell)(void *, const struct an_node *const *nodes, uint32_t count),
                          void *data)
{
    if (!order->nodes.count)
        return;
    uint32_t locks = (uint32_t)order->world->objects.all.count + 1;
    struct search search = {.order = order,
                            .length = length < LONGEST ? length : LONGEST,
                            .locks = sn_calloc(locks, sizeof(struct lock)),
                            .tell = tell,
                            .data = data};
    index_nodes(&search);
    peel(&search, locks);
    for (uint32_t n = 0; n < order->nodes.count && !order->exhausted; n++) {
        search.path[0] = order->nodes.at[n];
        if (!search.locks[search.path[0]->wanted->id].buried)
            extend(&search, n, 1);
    }
    for (uint32_t id = 0; id < locks; id++) {
        vec_release(&search.locks[id].wanting);
        vec_release(&search.locks[id].holding);
    }
    sn_map_release(&search.told);
    free(search.locks);
}

void an_node_drop(struct an_node *node)
{
    for (uint32_t i = 0; i < node->moment_count; i++)
        an_snapshot_drop(node->moments[i].past);
    node->moment_count = 0;
}

void an_lock_order_release(struct an_lock_order *order)
{
    vec_each (struct an_node *, node, &order->nodes)
        an_node_drop(*node);
    vec_release(&order->nodes);
    sn_map_release(&order->by_key);
}
