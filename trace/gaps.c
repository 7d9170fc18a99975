/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/gaps.h"

#include <stdlib.h>

void tr_gaps_add(struct tr_gaps *gaps, const struct tr_event *ev, unsigned counter_bits, bool early)
{
    if (!ev->version || !(tr_kinds[ev->kind].order == TR_ORDER_ADVANCES || tr_is_access(ev->kind)))
        return;
    bool by_counter = tr_by_counter(ev);
    uint64_t of = by_counter ? tr_counter_of(ev, counter_bits) : ev->object;
    if (early) {
        *vec_push(&gaps->early[by_counter]) = (struct tr_number){of, ev->version};
        return;
    }
    uint64_t *least = sn_map_at(&gaps->least[by_counter], of);
    if (!*least || ev->version < *least)
        *least = ev->version;
}

static int by_number(const void *left, const void *right)
{
    const struct tr_number *a = left, *b = right;
    if (a->of != b->of)
        return a->of < b->of ? -1 : 1;
    return a->version < b->version ? -1 : a->version > b->version;
}

void tr_gaps_sort(struct tr_gaps *gaps)
{
    for (unsigned i = 0; i < 2; i++)
        if (gaps->early[i].count)
            qsort(gaps->early[i].at, gaps->early[i].count, sizeof *gaps->early[i].at, by_number);
}

uint64_t tr_gaps_before(const struct tr_gaps *gaps, bool by_counter, uint64_t of, uint64_t version)
{
    const uint64_t *least = sn_map_find(&gaps->least[by_counter], of);
    if (least && version >= *least)
        return version;
    const struct tr_number *at = gaps->early[by_counter].at;
    size_t low = 0, high = gaps->early[by_counter].count;
    while (low < high) { /* behind the last of OF up to VERSION */
        size_t middle = low + (high - low) / 2;
        if (at[middle].of < of || (at[middle].of == of && at[middle].version <= version))
            low = middle + 1;
        else
            high = middle;
    }
    return low && at[low - 1].of == of ? at[low - 1].version : 0;
}

void tr_gaps_release(struct tr_gaps *gaps)
{
    for (unsigned i = 0; i < 2; i++) {
        vec_release(&gaps->early[i]);
        sn_map_release(&gaps->least[i]);
    }
}
