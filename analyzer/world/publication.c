/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/publication.h"

enum {
    MOST = 1 << 16,       /* handovers: beyond that neighbours become one */
    MOST_STEPS = 1 << 30, /* of all that is asked: seconds */
};

#define ANYWHERE UINT64_MAX /* a handover's address: several */

/* An epoch of the recorder's: where it begins. */
struct epoch {
    uint32_t slot;
    uint64_t begin;
};

struct writer {
    uint32_t thread;
    bool doubtful;
    struct epoch latest;
    uint64_t clock; /* of the latest store */
    struct an_snapshot *past;
};

struct an_published {
    VEC(struct writer) writers;
};

struct handover {
    struct epoch from, to;    /* of the store, of the load */
    struct an_snapshot *past; /* what came before the store */
    uint64_t address;
};

struct an_handovers {
    uint32_t from, to; /* threads */
    VEC(struct handover) of;
};

static struct epoch epoch_of(const struct an_access *access)
{
    bool known = access->since < UINT16_MAX;
    return (struct epoch){access->slot, known ? access->clock - access->since : 0};
}

static struct epoch present_epoch(const struct an_thread *thread)
{
    return (struct epoch){thread->slot, thread->epoch};
}

static bool is_same(struct epoch a, struct epoch b)
{
    return a.slot == b.slot && a.begin == b.begin;
}

/* Keeping them. ---------------------------------------------------------------------------------
 */

/* Of each two the later store and the earlier load. */
static void halve(struct an_publication *publication)
{
    publication->count = 0;
    vec_each (struct an_handovers, pair, &publication->handovers) {
        size_t kept = 0;
        for (size_t i = 0; i < pair->of.count; i++) {
            struct handover *at = &pair->of.at[i], *before = &pair->of.at[kept - (kept > 0)];
            if (i % 2 == 0 || at->from.slot != before->from.slot ||
                at->to.slot != before->to.slot) {
                pair->of.at[kept++] = *at;
                continue;
            }
            struct handover *later = at->from.begin > before->from.begin ? at : before;
            struct handover both = {
                .from = later->from,
                .to = at->to.begin < before->to.begin ? at->to : before->to,
                .past = an_snapshot_keep(later->past),
                .address = at->address == before->address ? at->address : ANYWHERE,
            };
            an_snapshot_drop(at->past);
            an_snapshot_drop(before->past);
            *before = both;
        }
        pair->of.count = kept;
        publication->count += kept;
    }
}

static void hand_over(struct an_publication *publication, uint32_t from, uint32_t to,
                      const struct handover *new)
{
    uint64_t *place = sn_map_at(&publication->pairs, (uint64_t)from << 32 | to);
    if (!*place) {
        *vec_push(&publication->handovers) = (struct an_handovers){.from = from, .to = to};
        *place = publication->handovers.count;
    }
    struct an_handovers *pair = &publication->handovers.at[*place - 1];
    for (size_t i = pair->of.count; i-- > 0 && pair->of.count - i <= 4;) {
        const struct handover *at = &pair->of.at[i];
        if (at->address == new->address && is_same(at->from, new->from) &&
            at->to.slot == new->to.slot && at->to.begin <= new->to.begin)
            return;
    }
    struct handover *added = vec_push(&pair->of);
    *added = *new;
    added->past = an_snapshot_keep(new->past);
    if (++publication->count > MOST)
        halve(publication);
}

/* Of the bytes of a word the recorder may tell one for all. */
static struct an_published *published_at(struct an_publication *publication, uint64_t address)
{
    uint64_t *place = sn_map_at(&publication->locations, address >> 2);
    if (!*place) {
        (void)vec_push(&publication->published);
        *place = publication->published.count;
    }
    return &publication->published.at[*place - 1];
}

static struct writer *writer_of(struct an_published *published, uint32_t thread)
{
    vec_each (struct writer, writer, &published->writers)
        if (writer->thread == thread)
            return writer;
    struct writer *writer = vec_push(&published->writers);
    *writer = (struct writer){.thread = thread};
    return writer;
}

static void add_writer(struct an_published *published, struct an_order *order,
                       const struct an_thread *thread, bool doubtful)
{
    struct writer *writer = writer_of(published, thread->index);
    an_snapshot_drop(writer->past);
    writer->past = an_order_snapshot(order, thread);
    writer->latest = present_epoch(thread);
    writer->clock = thread->clock;
    writer->doubtful |= doubtful;
}

void an_publication_access(struct an_publication *publication, struct an_order *order,
                           const struct an_thread *thread, uint64_t address, bool reads,
                           bool writes, bool doubtful)
{
    struct an_published *published = published_at(publication, address);
    if (reads)
        vec_each (const struct writer, writer, &published->writers)
            if (writer->thread != thread->index && (doubtful || writer->doubtful) &&
                !an_order_before(order, thread, writer->latest.slot, writer->clock))
                hand_over(publication, writer->thread, thread->index,
                          &(struct handover){writer->latest, present_epoch(thread), writer->past,
                                             address});
    if (writes)
        add_writer(published, order, thread, doubtful);
}

void an_publication_unordered(struct an_publication *publication, struct an_order *order,
                              const struct an_thread *thread, const struct an_access *access,
                              const struct an_conflicts *conflicts)
{
    struct an_snapshot *past = NULL;
    bool write = access->flags & AN_WRITE;
    vec_each (const struct an_conflict, conflict, &conflicts->of) {
        const struct an_access *old = &conflict->old;
        if (!(old->flags & AN_WRITE) == !write ||
            !((old->flags | access->flags) & AN_MAY_BE_ATOMIC))
            continue;
        if (write && !past)
            past = an_order_snapshot(order, thread);
        struct handover handover = {present_epoch(thread), epoch_of(old), past, conflict->address};
        if (write)
            hand_over(publication, thread->index, old->thread, &handover);
        else
            hand_over(publication, old->thread, thread->index,
                      &(struct handover){handover.to, handover.from, old->past, handover.address});
    }
    an_snapshot_drop(past);
}

/* Asking. ---------------------------------------------------------------------------------------
 */

struct search {
    struct an_publication *publication;
    uint64_t address;          /* this one does not count */
    VEC(struct epoch) reached; /* by slot, the earliest */
};

static bool reach(struct search *search, struct epoch epoch)
{
    vec_each (struct epoch, reached, &search->reached) {
        if (reached->slot != epoch.slot)
            continue;
        bool earlier = epoch.begin < reached->begin;
        if (earlier)
            reached->begin = epoch.begin;
        return earlier;
    }
    *vec_push(&search->reached) = epoch;
    return true;
}

/* May something that is reached come before what is in an epoch of SLOT, at CLOCK, with PAST before
 * it? */
static bool is_behind(const struct search *search, uint32_t slot, uint64_t clock,
                      const struct an_snapshot *past)
{
    vec_each (const struct epoch, reached, &search->reached)
        if ((reached->slot == slot && reached->begin <= clock) ||
            (past && reached->begin <= an_clock_get(&past->past.hb, reached->slot)))
            return true;
    return false;
}

static bool follow(struct search *search)
{
    bool any = false;
    search->publication->steps += search->publication->count * search->reached.count;
    vec_each (const struct an_handovers, pair, &search->publication->handovers)
        vec_each (const struct handover, handover, &pair->of)
            if (handover->address != search->address &&
                is_behind(search, handover->from.slot, handover->from.begin, handover->past))
                any |= reach(search, handover->to);
    return any;
}

/* Fills SEARCH with all that ACCESS may come before by other threads; its own epoch does not count.
 */
static void reach_all(struct search *search, const struct an_access *access)
{
    (void)reach(search, epoch_of(access));
    while (follow(search))
        ;
    search->reached.at[0] = search->reached.at[--search->reached.count]; /* what it began with */
}

static bool may_order_moments(struct an_publication *publication, const struct an_access *first,
                              const struct an_access *second, uint64_t address)
{
    struct search search = {.publication = publication, .address = address};
    if (publication->steps > MOST_STEPS)
        return true;
    reach_all(&search, first);
    bool found = is_behind(&search, second->slot, second->clock, second->past);
    vec_release(&search.reached);
    return found;
}

static bool by_others(const struct an_handovers *pair, uint64_t address)
{
    vec_each (const struct handover, handover, &pair->of)
        if (handover->address != address)
            return true;
    return false;
}

static bool may_order_threads(const struct an_publication *publication, uint32_t from, uint32_t to,
                              uint64_t address)
{
    VEC(uint32_t) reached = {0};
    struct sn_map seen = {0};
    bool found = false;
    *vec_push(&reached) = from;
    *sn_map_at(&seen, from) = 1;
    for (size_t i = 0; i < reached.count && !found; i++)
        vec_each (const struct an_handovers, pair, &publication->handovers) {
            if (pair->from != reached.at[i] || sn_map_find(&seen, pair->to) ||
                !by_others(pair, address))
                continue;
            *sn_map_at(&seen, pair->to) = 1;
            *vec_push(&reached) = pair->to;
            found |= pair->to == to;
        }
    vec_release(&reached);
    sn_map_release(&seen);
    return found;
}

/* Two accesses that nothing orders stand in the trace in any order: may SECOND come before FIRST?
 * What FIRST's thread knew by a third one is not looked for: whatever reaches one counts. */
static bool may_turn(struct an_publication *publication, const struct an_access *first,
                     const struct an_access *second, uint64_t address)
{
    struct search search = {.publication = publication, .address = address};
    if (publication->steps > MOST_STEPS)
        return true;
    reach_all(&search, second);
    bool found = is_behind(&search, first->slot, first->clock, first->past);
    vec_each (const struct epoch, reached, &search.reached)
        found |= !first->past && reached->slot != first->slot && reached->slot != second->slot;
    vec_release(&search.reached);
    return found;
}

bool an_publication_may_order(struct an_publication *publication, const struct an_access *first,
                              const struct an_access *second, uint64_t address)
{
    if (may_turn(publication, first, second, address))
        return true;
    return second->past ? may_order_moments(publication, first, second, address)
                        : may_order_threads(publication, first->thread, second->thread, address);
}

void an_publication_release(struct an_publication *publication)
{
    vec_each (struct an_published, published, &publication->published) {
        vec_each (struct writer, writer, &published->writers)
            an_snapshot_drop(writer->past);
        vec_release(&published->writers);
    }
    vec_each (struct an_handovers, pair, &publication->handovers) {
        vec_each (struct handover, handover, &pair->of)
            an_snapshot_drop(handover->past);
        vec_release(&pair->of);
    }
    vec_release(&publication->published);
    vec_release(&publication->handovers);
    sn_map_release(&publication->locations);
    sn_map_release(&publication->pairs);
}
