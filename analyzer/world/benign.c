/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/benign.h"

#include <stddef.h>

void an_benign_forget(struct an_ranges *benign, uint64_t start, uint64_t size)
{
    struct an_range *range;
    while (size && (range = an_ranges_overlap(benign, start, size)))
        an_ranges_remove(benign, range->start);
}

/* What is told twice is told once. */
void an_benign_add(struct an_ranges *benign, uint64_t start, uint64_t size)
{
    uint64_t end = start + size;
    if (!size || end < start)
        return;
    struct an_range *known;
    while ((known = an_ranges_overlap(benign, start, end - start))) {
        uint64_t known_end = known->start + known->size;
        start = known->start < start ? known->start : start;
        end = known_end > end ? known_end : end;
        an_ranges_remove(benign, known->start);
    }
    an_ranges_insert(benign, start, end - start, NULL);
}

bool an_benign_holds(const struct an_ranges *benign, uint64_t address)
{
    return benign->count && an_ranges_at(benign, address) != NULL;
}
