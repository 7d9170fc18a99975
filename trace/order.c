/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linearisation. Each thread has a head, its next event. A head may wait for a key: the event
 * with version V of an object waits until V - 1 was handed out, and all who only observe that; one
 * that observes V waits until V was handed out, THREAD_START for the creation, JOIN for the end. Of
 * the heads that wait for nothing the one with the smallest (time, thread) is next.
 *
 * Ready threads stand in a heap by (time, thread), blocked ones in another; each key has a heap of
 * those that wait for it, by what they need. A thread moves between them only when its head is
 * looked at and when its key rises, so an event costs O(log threads) however many wait.
 *
 * Versions may have gaps: lost chunks, a kill between taking a number and writing the event, a
 * counter that started before a fork. So when all are blocked, the key for which the earliest of
 * them waits rises to the least that anybody needs of it.
 *
 * In a ring and in a snapshot it is known which numbers are missing at the beginning (gaps.h), and
 * nobody waits for them. What is missing at the end of a snapshot, which was copied while the
 * program went on, is not: threads that wait for it end there. So what is handed out is a
 * consistent cut, whatever was copied first.
 */
#include "trace/order.h"

struct tr_actor {
    struct tr_stream stream;
    struct tr_event head;
    bool fetched, checked;         /* HEAD is the next event; KEY and NEEDED are its own */
    struct tr_key *key;            /* what HEAD is ordered by, or NULL */
    uint64_t needed;               /* KEY's version before HEAD may come */
    struct tr_key created, ended;  /* this thread's; 1 once handed out */
    struct tr_key told;            /* its tr_stream_left: of what others have told */
    struct tr_actor *behind;       /* of whose TOLD it waits */
    bool is_created;               /* a THREAD_CREATE names it */
    bool tells;                    /* its chunks have an event to hand out */
    size_t position;               /* in ready or blocked */
    struct tr_actor *left, *right; /* in the key's heap */
    unsigned rank;
};

/* The heaps by time. ------------------------------------------------------------------------- */

static bool earlier(const struct tr_actor *a, const struct tr_actor *b)
{
    if (a->head.time != b->head.time)
        return a->head.time < b->head.time;
    return a->stream.thread < b->stream.thread;
}

static void put(struct tr_actors *heap, size_t i, struct tr_actor *actor)
{
    heap->at[i] = actor;
    actor->position = i;
}

/* Moves the actor at I to where it belongs. */
static void settle(struct tr_actors *heap, size_t i)
{
    struct tr_actor *actor = heap->at[i];
    for (size_t up; i > 0 && earlier(actor, heap->at[up = (i - 1) / 2]); i = up)
        put(heap, i, heap->at[up]);
    for (size_t down; (down = 2 * i + 1) < heap->count; i = down) {
        if (down + 1 < heap->count && earlier(heap->at[down + 1], heap->at[down]))
            down++;
        if (!earlier(heap->at[down], actor))
            break;
        put(heap, i, heap->at[down]);
    }
    put(heap, i, actor);
}

static void insert(struct tr_actors *heap, struct tr_actor *actor)
{
    put(heap, heap->count++, actor);
    settle(heap, heap->count - 1);
}

static void take_out(struct tr_actors *heap, const struct tr_actor *actor)
{
    size_t i = actor->position;
    struct tr_actor *last = heap->at[--heap->count];
    if (last == actor)
        return;
    put(heap, i, last);
    settle(heap, i);
}

/* A key's heap. ------------------------------------------------------------------------------- */

static bool needs_less(const struct tr_actor *a, const struct tr_actor *b)
{
    return a->needed != b->needed ? a->needed < b->needed : a->stream.thread < b->stream.thread;
}

/* Leftist: the right spine is the shortest way down, of at most log2(n) steps. */
static struct tr_actor *meld(struct tr_actor *a, struct tr_actor *b)
{
    if (!a || !b)
        return a ? a : b;
    if (needs_less(b, a)) {
        struct tr_actor *swap = a;
        a = b;
        b = swap;
    }
    a->right = meld(a->right, b);
    if (!a->left || a->left->rank < a->right->rank) {
        struct tr_actor *swap = a->left;
        a->left = a->right;
        a->right = swap;
    }
    a->rank = a->right ? a->right->rank + 1 : 1;
    return a;
}

static void wait_for(struct tr_order *order, struct tr_actor *actor)
{
    take_out(&order->ready, actor);
    insert(&order->blocked, actor);
    actor->left = actor->right = NULL;
    actor->rank = 1;
    actor->key->waiting = meld(actor->key->waiting, actor);
}

/* The first one that waits for KEY waits no more. */
static void let_go(struct tr_order *order, struct tr_key *key)
{
    struct tr_actor *actor = key->waiting;
    key->waiting = meld(actor->left, actor->right);
    take_out(&order->blocked, actor);
    insert(&order->ready, actor);
}

static void raise_to(struct tr_order *order, struct tr_key *key, uint64_t version)
{
    if (version <= key->version)
        return;
    key->version = version;
    while (key->waiting && key->waiting->needed <= version)
        let_go(order, key);
}

/* What an event is ordered by. --------------------------------------------------------------- */

static struct tr_actor *actor_of(const struct tr_order *order, uint64_t thread)
{
    const uint64_t *place = sn_map_find(&order->actor_of, thread);
    return place ? &order->actors[*place - 1] : NULL;
}

/* How far a key has come when VERSION was handed out, but not yet to all who observe it, or to
 * them too. */
static uint64_t come_to(uint64_t version, bool to_observers)
{
    return 2 * version + to_observers;
}

/* The first place of who observes OBJECT at VERSION or later, between AT and END. */
static struct tr_observers *find_observers(struct tr_observers *at, struct tr_observers *end,
                                           uint64_t object, uint64_t version)
{
    while (at < end) {
        struct tr_observers *middle = at + (end - at) / 2;
        if (middle->object < object || (middle->object == object && middle->version < version))
            at = middle + 1;
        else
            end = middle;
    }
    return at;
}

static struct tr_key *key_of_object(struct tr_order *order, uint64_t object)
{
    uint64_t *value = sn_map_at(&order->objects, object);
    struct tr_key *key = (struct tr_key *)(uintptr_t)*value;
    if (key)
        return key;
    key = SN_NEW(&order->arena, struct tr_key);
    key->version = come_to(0, true);
    *value = (uintptr_t)key;
    size_t count = order->index->observers.count;
    if (count) {
        struct tr_observers *first = order->index->observers.at, *end = &first[count - 1] + 1;
        key->observers = find_observers(first, end, object, 0);
        key->observers_end = find_observers(key->observers, end, object, UINT64_MAX);
        if (key->observers_end < end && key->observers_end->object == object)
            key->observers_end++;
    }
    return key;
}

static uint32_t counter_of(const struct tr_order *order, const struct tr_event *ev)
{
    return tr_counter_of(ev, order->index->header.counter_bits);
}

/* Nobody observes one. */
static struct tr_key *key_of_counter(const struct tr_order *order, const struct tr_event *ev)
{
    struct tr_key *key = &order->counters[counter_of(order, ev)];
    if (!key->version)
        key->version = come_to(0, true);
    return key;
}

/* Has everybody been handed out who observes that version, to which the key has come? */
static bool all_observed(struct tr_key *key, uint64_t version)
{
    while (key->observers < key->observers_end && key->observers->version < version)
        key->observers++;
    return key->observers == key->observers_end || key->observers->version != version ||
           !key->observers->left;
}

static void count_observer(struct tr_key *key, uint64_t object, uint64_t version)
{
    struct tr_observers *at = find_observers(key->observers, key->observers_end, object, version);
    if (at < key->observers_end && at->version == version && at->left)
        at->left--;
}

/* The latest number up to VERSION for which the actor's head has to wait. */
static uint64_t there(const struct tr_order *order, const struct tr_actor *actor, uint64_t version)
{
    const struct tr_gaps *gaps = &order->index->gaps;
    const struct tr_event *ev = &actor->head;
    if (!gaps->any || !version || ev->offset >= actor->stream.settled)
        return version;
    bool by_counter = tr_by_counter(ev);
    return tr_gaps_before(gaps, by_counter, by_counter ? counter_of(order, ev) : ev->object,
                          version);
}

static bool advances(const struct tr_event *ev)
{
    return tr_kinds[ev->kind].order == TR_ORDER_ADVANCES || tr_is_access(ev->kind);
}

/* Fills in KEY and NEEDED of the actor's head. */
static void look_at(struct tr_order *order, struct tr_actor *actor)
{
    const struct tr_event *ev = &actor->head;
    actor->key = NULL;
    actor->needed = 1;
    if (ev->kind == TR_THREAD_START) {
        if (actor->is_created)
            actor->key = &actor->created;
    } else if (ev->kind == TR_JOIN) {
        struct tr_actor *child = actor_of(order, ev->a0);
        if (child)
            actor->key = &child->ended;
    } else if (ev->version) {
        actor->needed = advances(ev) ? come_to(there(order, actor, ev->version - 1), true)
                                     : come_to(there(order, actor, ev->version), false);
        actor->key =
            tr_by_counter(ev) ? key_of_counter(order, ev) : key_of_object(order, ev->object);
    }
}

/* Is there something that other threads did, told by the actor before its head, and not handed out
 * yet? Then KEY and NEEDED are of the first such. */
static bool is_behind(struct tr_order *order, struct tr_actor *actor)
{
    if (tr_is_deferred(&actor->head))
        return false;
    actor->behind = NULL;
    while (actor->stream.behind.count) {
        const struct tr_behind *behind = vec_last(&actor->stream.behind);
        struct tr_actor *other = actor_of(order, behind->thread);
        actor->needed = behind->epoch + 1;
        if (other && other->stream.deferred_end && other->told.version < actor->needed &&
            tr_stream_owes(&other->stream, behind)) {
            actor->key = &other->told;
            actor->behind = other;
            return true;
        }
        (void)vec_pop(&actor->stream.behind);
    }
    return false;
}

static void hand_out(struct tr_order *order, struct tr_actor *actor, struct tr_event *ev)
{
    ev->stack = tr_stream_stack(&actor->stream, order->stacks, ev->stack, order->index);
    ev->index = ++order->handed;
    ev->unsure |= order->forced;
}

/* What the blocked ACTOR is behind of, and was not handed out yet; or NULL. */
static const struct tr_deferred *owed_to(const struct tr_actor *actor)
{
    return actor->behind ? tr_stream_owes(&actor->behind->stream, vec_last(&actor->stream.behind))
                         : NULL;
}

/* All are blocked, and who is behind what another did waits for all that it did in that epoch: when
 * its own is handed out it looks again. False: nobody does. */
static bool wake(struct tr_order *order)
{
    for (size_t i = 0; i < order->blocked.count; i++) {
        struct tr_actor *actor = order->blocked.at[i];
        if (!actor->behind || owed_to(actor))
            continue;
        while (actor->key->waiting)
            let_go(order, actor->key);
        return true;
    }
    return false;
}

/* All are blocked: one of them behind what another did, which would come later in its epoch, since
 * the memory may have begun in that; but to the event that begins the memory, which was before, the
 * other has come. */
static bool hurry(struct tr_order *order, struct tr_event *ev)
{
    for (size_t i = 0; i < order->blocked.count; i++) {
        const struct tr_deferred *owed = owed_to(order->blocked.at[i]);
        if (!owed)
            continue;
        struct tr_actor *other = order->blocked.at[i]->behind;
        tr_stream_hurry(&other->stream, owed, ev);
        hand_out(order, other, ev);
        return true;
    }
    return false;
}

/* The head has been handed out. */
static void move_on(struct tr_order *order, struct tr_actor *actor)
{
    const struct tr_event *ev = &actor->head;
    actor->fetched = false;
    if (actor->stream.deferred_end)
        raise_to(order, &actor->told, tr_stream_left(&actor->stream));
    if (ev->kind == TR_THREAD_CREATE) {
        struct tr_actor *child = actor_of(order, ev->a0);
        if (child)
            raise_to(order, &child->created, 1);
    } else if (ev->kind == TR_THREAD_EXIT) {
        raise_to(order, &actor->ended, 1);
    } else if (ev->version) {
        uint64_t version = advances(ev) ? ev->version : there(order, actor, ev->version);
        if (!advances(ev))
            count_observer(actor->key, ev->object, version);
        bool all = all_observed(actor->key, version);
        raise_to(order, actor->key, come_to(version, all));
    }
}

/* All are blocked: let the earliest get on. Numbers that do not begin at 1 are a fork child's; one
 * that is missing later belongs to an event that is lost, and what comes behind it may lack its
 * order. */
static void force(struct tr_order *order)
{
    struct tr_key *key = order->blocked.at[0]->key;
    order->forced |= key->version != 0;
    raise_to(order, key, key->waiting->needed);
}

static void fetch(struct tr_order *order, struct tr_actor *actor)
{
    actor->checked = false;
    order->read -= actor->stream.read;
    actor->fetched = tr_stream_next(&actor->stream, order->index, &actor->head);
    order->read += actor->stream.read;
    if (actor->fetched) {
        settle(&order->ready, actor->position);
    } else {
        take_out(&order->ready, actor);
        raise_to(order, &actor->ended, 1);
        raise_to(order, &actor->told, UINT64_MAX);
    }
}

bool tr_order_next(struct tr_order *order, struct tr_event *ev)
{
    while (order->ready.count || order->blocked.count) {
        if (!order->ready.count) {
            if (wake(order))
                continue;
            if (hurry(order, ev))
                return true;
            if (order->index->header.flags & TR_IS_SNAPSHOT)
                return false;
            force(order);
            continue;
        }
        struct tr_actor *actor = order->ready.at[0];
        if (!actor->fetched) {
            fetch(order, actor);
            continue;
        }
        if (!actor->checked && is_behind(order, actor)) {
            wait_for(order, actor);
            continue;
        }
        if (!actor->checked) {
            actor->checked = true;
            look_at(order, actor);
            if (actor->key && actor->key->version < actor->needed) {
                wait_for(order, actor);
                continue;
            }
        }
        *ev = actor->head;
        hand_out(order, actor, ev);
        move_on(order, actor);
        return true;
    }
    return false;
}

/* Begin and end. ------------------------------------------------------------------------------ */

static size_t count_threads(const struct tr_index *index)
{
    size_t count = 0;
    for (size_t i = 0; i < index->chunks.count; i++)
        count += i == 0 || index->chunks.at[i].thread != index->chunks.at[i - 1].thread;
    return count;
}

/* Makes a stream of each thread that has chunks. */
static void make_streams(struct tr_order *order, const struct tr_index *index,
                         const struct tr_source *source)
{
    for (size_t i = 0; i < index->chunks.count; i++) {
        const struct tr_place *place = &index->chunks.at[i];
        order->total += place->end - place->events;
        if (i == 0 || place[-1].thread != place->thread) {
            struct tr_actor *actor = &order->actors[order->actor_count++];
            *sn_map_at(&order->actor_of, place->thread) = order->actor_count;
            actor->stream = (struct tr_stream){
                .thread = place->thread, .source = source, .place = place, .epoch = place->epoch};
            actor->head.time = place->time; /* or later: it is fetched when its time comes */
            actor->is_created = sn_map_find(&index->created, place->thread) != NULL;
        }
        order->actors[order->actor_count - 1].stream.places_end = place + 1;
        order->actors[order->actor_count - 1].tells |= place->tells;
    }
}

/* Gives each stream its part of the deferred accesses. */
static void share_deferred(struct tr_order *order, const struct tr_index *index)
{
    for (size_t i = 0, count = index->deferred.count; i < count;) {
        const struct tr_deferred *first = &index->deferred.at[i];
        uint32_t thread = first->event.thread;
        while (i < count && index->deferred.at[i].event.thread == thread)
            i++;
        struct tr_actor *actor = actor_of(order, thread);
        if (actor) {
            actor->stream.deferred = first;
            actor->stream.deferred_end = &index->deferred.at[i - 1] + 1;
        } else {
            tr_damage_add(&order->index->damage, first->event.offset,
                          "accesses of thread %u, of which nothing else is there", thread);
        }
    }
}

void tr_order_init(struct tr_order *order, struct tr_index *index, const struct tr_source *source,
                   struct tr_stacks *stacks)
{
    size_t threads = count_threads(index);
    *order = (struct tr_order){
        .index = index,
        .stacks = stacks,
        .counters = sn_calloc((size_t)1 << index->header.counter_bits, sizeof *order->counters),
        .actors = sn_calloc(threads, sizeof *order->actors),
        .ready.at = sn_calloc(threads, sizeof *order->ready.at),
        .blocked.at = sn_calloc(threads, sizeof *order->blocked.at)};
    make_streams(order, index, source);
    share_deferred(order, index);
    for (size_t i = 0; i < order->actor_count; i++) {
        struct tr_actor *actor = &order->actors[i];
        insert(&order->ready, actor);
        if (!actor->tells && !actor->stream.deferred) /* has ended, and nobody waits for it */
            fetch(order, actor);
    }
}

void tr_order_release(struct tr_order *order)
{
    for (size_t i = 0; i < order->actor_count; i++)
        tr_stream_release(&order->actors[i].stream);
    free(order->actors);
    free(order->ready.at);
    free(order->blocked.at);
    sn_map_release(&order->actor_of);
    sn_map_release(&order->objects);
    free(order->counters);
    sn_arena_release(&order->arena);
}
