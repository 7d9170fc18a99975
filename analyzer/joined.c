/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/joined.h"

enum {
    THREAD_BITS = 20, /* a thread's number in its process */
    STACK_BITS = 22,  /* a stack's number in its trace */
    MOST_PARTS = 1000,
    ADDRESS_BITS = 48, /* an address in its process */
    PLACE_BITS = 40,   /* a byte of one shared memory */
    SHARED_BIT = 62,
};

void an_joined_init(struct an_joined *joined)
{
    *joined = (struct an_joined){0};
    an_world_init(&joined->world, NULL);
}

bool an_joined_add(struct an_joined *joined, struct tr_reader *reader, uint32_t process)
{
    if (joined->parts.count == MOST_PARTS)
        return false;
    if (!joined->world.reader)
        joined->world.reader = reader;
    *vec_push(&joined->parts) = (struct an_part){.reader = reader, .process = process};
    return true;
}

const struct an_part *an_joined_part(const struct an_joined *joined, uint32_t thread)
{
    return &joined->parts.at[thread >> THREAD_BITS];
}

const struct an_part *an_joined_stack_part(const struct an_joined *joined, uint32_t stack)
{
    return &joined->parts.at[stack >> STACK_BITS];
}

struct tr_stack an_joined_stack(const struct an_joined *joined, uint32_t stack)
{
    return tr_reader_stack(an_joined_stack_part(joined, stack)->reader,
                           stack & ((1u << STACK_BITS) - 1));
}

uint32_t an_joined_thread(uint32_t thread)
{
    return thread & ((1u << THREAD_BITS) - 1);
}

bool an_joined_shared(uint64_t place)
{
    return place >> SHARED_BIT == 1;
}

const struct an_mapping *an_joined_mapping(const struct an_part *part, uint64_t place)
{
    vec_each (struct an_mapping, mapping, &part->mappings)
        if (place - mapping->place < mapping->high - mapping->low)
            return mapping;
    return NULL;
}

const struct an_part *an_joined_owner(const struct an_joined *joined, uint64_t place)
{
    const struct an_part *owner = NULL;
    vec_each (struct an_part, part, &joined->parts) {
        const struct an_mapping *mapping = an_joined_mapping(part, place);
        if (mapping && (!owner || (mapping->stack && !an_joined_mapping(owner, place)->stack)))
            owner = part;
    }
    return owner;
}

uint64_t an_joined_address(const struct an_joined *joined, uint64_t place)
{
    const struct an_part *owner = an_joined_shared(place) ? an_joined_owner(joined, place) : NULL;
    const struct an_mapping *mapping = owner ? an_joined_mapping(owner, place) : NULL;
    return mapping ? mapping->low + (place - mapping->place) : place & ((1ull << ADDRESS_BITS) - 1);
}

/* Where things are in the joined world. ---------------------------------------------------------
 */

static uint32_t number_of(const struct an_joined *joined, const struct an_part *part)
{
    return (uint32_t)(part - joined->parts.at);
}

static uint64_t thread_place(const struct an_joined *joined, const struct an_part *part,
                             uint64_t thread)
{
    return thread >> THREAD_BITS ? TR_NO_THREAD : number_of(joined, part) << THREAD_BITS | thread;
}

static uint32_t stack_number(const struct an_joined *joined, const struct an_part *part,
                             uint32_t stack)
{
    return !stack || stack >> STACK_BITS ? 0 : number_of(joined, part) << STACK_BITS | stack;
}

/* Shared memory's place, or 0. */
static uint64_t shared_place(const struct an_part *part, uint64_t address)
{
    vec_each (struct an_mapping, mapping, &part->mappings)
        if (address >= mapping->low && address < mapping->high)
            return mapping->place + (address - mapping->low);
    return 0;
}

static uint64_t place(const struct an_joined *joined, const struct an_part *part, uint64_t address)
{
    uint64_t shared = shared_place(part, address);
    return shared          ? shared
           : address >> 63 ? address /* a channel, by a number that the system gave */
                           : address | (number_of(joined, part) + 1ull) << ADDRESS_BITS;
}

static void forget_mappings(struct an_part *part, uint64_t low, uint64_t high)
{
    for (size_t i = part->mappings.count; i-- > 0;)
        if (part->mappings.at[i].low < high && part->mappings.at[i].high > low)
            vec_remove(&part->mappings, i);
}

static void map(struct an_joined *joined, struct an_part *part, const struct tr_event *ev)
{
    uint64_t *number = sn_map_at(&joined->places, ev->a1);
    if (!*number)
        *number = joined->places.count;
    uint64_t first = 1ull << SHARED_BIT | *number << PLACE_BITS;
    bool made_here = part->latest.low == ev->object;
    forget_mappings(part, ev->object, ev->object + ev->a0);
    *vec_push(&part->mappings) = (struct an_mapping){
        .low = ev->object,
        .high = ev->object + ev->a0,
        .place = first + (ev->a2 & ((1ull << PLACE_BITS) - 1)),
        .stack = made_here ? part->latest.stack : 0,
    };
}

/* What lies in shared memory begins and ends there once, whoever comes and goes. */
static bool is_known_to_others(const struct an_joined *joined, const struct an_part *part,
                               const struct tr_event *ev, uint64_t at)
{
    const struct an_object *known = an_object_find(&joined->world, at);
    if (!an_joined_shared(at) || !known || (unsigned)known->type != tr_type(ev->mode))
        return false;
    return ev->kind == TR_OBJECT_END
               ? ev->mode >> TR_END_CAUSE_SHIFT == TR_END_UNMAP
               : ev->a0 & TR_ATTR_STATIC || an_joined_part(joined, known->create_thread) != part;
}

/* Takes the event over into the joined world; false: it says nothing there. */
static bool translate(struct an_joined *joined, struct an_part *part, struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_SHARED_MEMORY:
        map(joined, part, ev);
        return false;
    case TR_ALLOC:
    case TR_FREE:
        if (ev->mode & TR_HEAP_MAPPED && !(ev->mode & TR_HEAP_RESIZED)) {
            forget_mappings(part, ev->object, ev->object + ev->a0);
            part->latest = (struct an_mapping){.low = ev->object, .stack = ev->stack};
        }
        return false;
    case TR_THREAD_START:
        ev->object = 0;
        ev->a0 = thread_place(joined, part, ev->a0);
        return true;
    case TR_JOIN_REQUEST:
    case TR_JOIN_FAIL:
    case TR_THREAD_CREATE:
    case TR_THREAD_NAME:
    case TR_THREAD_DETACH:
    case TR_THREAD_CANCEL:
    case TR_JOIN:
        ev->a0 = thread_place(joined, part, ev->a0);
        return true;
    case TR_THREAD_EXIT:
    case TR_FENCE:
        return true;
    case TR_OBJECT_NEW:
    case TR_OBJECT_END: {
        uint64_t at = place(joined, part, ev->object);
        bool known = is_known_to_others(joined, part, ev, at);
        ev->object = at;
        return !known;
    }
    case TR_COND_WAIT:
        ev->a0 = place(joined, part, ev->a0);
        ev->object = place(joined, part, ev->object);
        return true;
    case TR_READ:
    case TR_WRITE:
    case TR_READ_RANGE:
    case TR_WRITE_RANGE:
        ev->object = shared_place(part, ev->object);
        return ev->object;
    case TR_REQUEST:
    case TR_TRY_FAIL:
    case TR_OP_ERROR:
    case TR_ACQUIRE:
    case TR_RELEASE:
    case TR_COND_WAKE:
    case TR_COND_SIGNAL:
    case TR_SEM_WAIT:
    case TR_SEM_POST:
    case TR_BARRIER_ENTER:
    case TR_BARRIER_EXIT:
    case TR_ONCE_BEGIN:
    case TR_ONCE_END:
    case TR_ONCE_SEEN:
    case TR_HB_BEFORE:
    case TR_HB_AFTER:
    case TR_ATOMIC_LOAD:
    case TR_ATOMIC_STORE:
    case TR_ATOMIC_RMW:
        ev->object = place(joined, part, ev->object);
        return true;
    default:
        return false;
    }
}

/* Merging. --------------------------------------------------------------------------------------
 */

static void show(struct an_joined *joined, struct tr_event *ev)
{
    ev->index = ++joined->events;
    an_world_event(&joined->world, ev);
}

/* Sizes and flags are where they are in the mode of an access. */
static void show_move(struct an_joined *joined, const struct tr_event *atomic)
{
    struct tr_event move = *atomic;
    *sn_map_at(&joined->atomics, move.object >> 2) = 1;
    move.mode = (move.mode & TR_ACC_SIZE_MASK) | TR_ACC_MAY_BE_ATOMIC;
    if (atomic->kind != TR_ATOMIC_STORE) {
        move.kind = TR_READ;
        show(joined, &move);
    }
    if (atomic->kind != TR_ATOMIC_LOAD) {
        move.kind = TR_WRITE;
        show(joined, &move);
    }
}

bool an_joined_is_atomic(const struct an_joined *joined, uint64_t place)
{
    return sn_map_find(&joined->atomics, place >> 2);
}

static int advance(struct an_part *part, struct sn_error *err)
{
    int more = tr_reader_next(part->reader, &part->next, err);
    part->more = more > 0;
    if (part->more && part->next.time > part->time)
        part->time = part->next.time;
    return more;
}

/* Whatever ended the process: what its threads did comes before those who have waited for it. */
static void end(struct an_joined *joined, const struct an_part *part)
{
    size_t count = joined->world.threads.all.count;
    for (size_t i = 0; i < count; i++) {
        const struct an_thread *thread = joined->world.threads.all.at[i];
        if (an_joined_part(joined, thread->number) == part && !thread->exited)
            show(joined, &(struct tr_event){.kind = TR_HB_BEFORE,
                                            .mode = TR_BY_PROCESS,
                                            .thread = thread->number,
                                            .object = TR_CHILDREN_END,
                                            .version = 1,
                                            .time = part->time});
    }
}

/* To what comes behind the latest event; first of all, to the first one of each. */
static int go_on(struct an_joined *joined, struct sn_error *err)
{
    if (!joined->begun)
        vec_each (struct an_part, part, &joined->parts)
            if (advance(part, err) < 0)
                return -1;
    joined->begun = true;
    struct an_part *latest = joined->moved;
    int more = latest ? advance(latest, err) : 0;
    joined->moved = NULL;
    if (latest && more == 0)
        end(joined, latest);
    return more;
}

/* The process that does something next, or NULL. */
static struct an_part *next_part(const struct an_joined *joined)
{
    struct an_part *next = NULL;
    vec_each (struct an_part, part, &joined->parts)
        if (part->more && (!next || part->time < next->time))
            next = part;
    return next;
}

int an_joined_next(struct an_joined *joined, struct tr_event *ev, struct sn_error *err)
{
    for (;;) {
        if (go_on(joined, err) < 0)
            return -1;
        struct an_part *part = joined->moved = next_part(joined);
        if (!part)
            return 0;
        *ev = part->next;
        ev->thread = (uint32_t)thread_place(joined, part, ev->thread);
        ev->stack = stack_number(joined, part, ev->stack);
        if (ev->thread == TR_NO_THREAD || !translate(joined, part, ev))
            continue;
        if (tr_is_atomic(ev->kind) && an_joined_shared(ev->object))
            show_move(joined, ev);
        show(joined, ev);
        return 1;
    }
}

void an_joined_release(struct an_joined *joined)
{
    vec_each (struct an_part, part, &joined->parts)
        vec_release(&part->mappings);
    vec_release(&joined->parts);
    sn_map_release(&joined->places);
    sn_map_release(&joined->atomics);
    an_world_release(&joined->world);
}
