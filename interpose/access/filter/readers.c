/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/readers.h"

#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

static struct rec_readers *tables; /* never unmapped; atomic */

static struct rec_readers *take_unused(void)
{
    struct rec_readers *readers = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    while (readers && __atomic_exchange_n(&readers->used, true, __ATOMIC_ACQUIRE))
        readers = readers->next;
    return readers;
}

struct rec_readers *rec_readers_new(void)
{
    struct rec_readers *readers = take_unused();
    if (readers)
        return readers;
    readers = rec_sys_memory(sizeof *readers);
    if (!readers)
        return NULL;
    readers->used = true;
    readers->next = __atomic_load_n(&tables, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&tables, &readers->next, readers, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    return readers;
}

void rec_readers_leave(struct rec_readers *readers)
{
    __atomic_store_n(&readers->used, false, __ATOMIC_RELEASE);
}

/* Takes what PLACE has of GRANULE, unless another thread was faster. */
static bool take(struct rec_reader *place, uint64_t granule, struct rec_reader *taken)
{
    *taken = *place;
    taken->granule = granule;
    return __atomic_compare_exchange_n(&place->granule, &granule, 0, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

void rec_reader_put(struct rec_reader *place, const struct rec_reader *reader,
                    struct rec_reader *evicted)
{
    uint64_t granule = __atomic_load_n(&place->granule, __ATOMIC_RELAXED);
    if (!granule || !take(place, granule, evicted))
        evicted->granule = 0;
    place->word = reader->word;
    place->kept = reader->kept;
    __atomic_store_n(&place->granule, reader->granule, __ATOMIC_RELEASE);
}

bool rec_readers_take(struct rec_readers **readers, uint64_t granule, struct rec_reader *taken)
{
    struct rec_readers *next =
        *readers ? (*readers)->next : __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    for (; next; next = next->next) {
        struct rec_reader *place = rec_reader_at(next, granule);
        if (__atomic_load_n(&place->granule, __ATOMIC_ACQUIRE) != granule ||
            !take(place, granule, taken))
            continue;
        *readers = next;
        return true;
    }
    return false;
}

void rec_readers_forget(uint64_t from, uint64_t to)
{
    struct rec_reader unused;
    struct rec_readers *readers = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    for (; readers; readers = readers->next)
        for (unsigned i = 0; i < REC_READERS; i++) {
            uint64_t granule = __atomic_load_n(&readers->at[i].granule, __ATOMIC_RELAXED);
            if (granule >= from && granule < to)
                (void)take(&readers->at[i], granule, &unused);
        }
}

void rec_readers_reset(void)
{
    rec_readers_forget(1, UINT64_MAX);
}
