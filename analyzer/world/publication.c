/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/publication.h"

struct an_published {
    VEC(struct writer) writers;
};

struct writer {
    uint32_t thread;
    bool doubtful;
};

static uint64_t granule_of(uint64_t address)
{
    return address >> 3;
}

static void hand_over(struct an_publication *publication, uint32_t from, uint32_t to,
                      uint64_t address)
{
    uint64_t *place = sn_map_at(&publication->pairs, (uint64_t)from << 32 | to);
    if (!*place) {
        *vec_push(&publication->handovers) = (struct an_handover){.from = from, .to = to};
        *place = publication->handovers.count;
    }
    struct an_handover *handover = &publication->handovers.at[*place - 1];
    uint64_t granule = granule_of(address);
    if (handover->granules_known == 2 ||
        (handover->granules_known == 1 && handover->granules[0] == granule))
        return;
    handover->granules[handover->granules_known++] = granule;
}

static struct an_published *published_at(struct an_publication *publication, uint64_t address)
{
    uint64_t *place = sn_map_at(&publication->locations, address);
    if (!*place) {
        (void)vec_push(&publication->published);
        *place = publication->published.count;
    }
    return &publication->published.at[*place - 1];
}

static void add_writer(struct an_published *published, uint32_t thread, bool doubtful)
{
    vec_each (struct writer, writer, &published->writers)
        if (writer->thread == thread) {
            writer->doubtful |= doubtful;
            return;
        }
    *vec_push(&published->writers) = (struct writer){thread, doubtful};
}

void an_publication_access(struct an_publication *publication, uint32_t thread, uint64_t address,
                           bool reads, bool writes, bool doubtful)
{
    struct an_published *published = published_at(publication, address);
    if (reads)
        vec_each (const struct writer, writer, &published->writers)
            if (writer->thread != thread && (doubtful || writer->doubtful))
                hand_over(publication, writer->thread, thread, address);
    if (writes)
        add_writer(published, thread, doubtful);
}

void an_publication_unordered(struct an_publication *publication, const struct an_access *written,
                              const struct an_conflicts *conflicts)
{
    vec_each (const struct an_conflict, conflict, &conflicts->of)
        if (!(conflict->old.flags & AN_WRITE) &&
            (conflict->old.flags | written->flags) & AN_MAY_BE_ATOMIC)
            hand_over(publication, written->thread, conflict->old.thread, conflict->address);
}

bool an_publication_may_order(const struct an_publication *publication, uint32_t from, uint32_t to,
                              uint64_t address)
{
    VEC(uint32_t) reached = {0};
    struct sn_map seen = {0};
    bool found = false;
    *vec_push(&reached) = from;
    *sn_map_at(&seen, from) = 1;
    for (size_t i = 0; i < reached.count && !found; i++) {
        vec_each (const struct an_handover, handover, &publication->handovers) {
            bool by_itself =
                handover->granules_known == 1 && handover->granules[0] == granule_of(address);
            if (handover->from != reached.at[i] || by_itself || sn_map_find(&seen, handover->to))
                continue;
            *sn_map_at(&seen, handover->to) = 1;
            *vec_push(&reached) = handover->to;
            found |= handover->to == to;
        }
    }
    vec_release(&reached);
    sn_map_release(&seen);
    return found;
}

void an_publication_release(struct an_publication *publication)
{
    vec_each (struct an_published, published, &publication->published)
        vec_release(&published->writers);
    vec_release(&publication->published);
    vec_release(&publication->handovers);
    sn_map_release(&publication->locations);
    sn_map_release(&publication->pairs);
}
