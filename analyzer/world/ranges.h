/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of addresses that do not overlap, in order: heap blocks, objects of synchronisation.
 *
 *     struct an_range *range = an_ranges_insert(&blocks, address, size, block);
 *     range = an_ranges_at(&blocks, address + 3);       // the range that holds it
 */
#ifndef SN_ANALYZER_WORLD_RANGES_H
#define SN_ANALYZER_WORLD_RANGES_H

#include <stdint.h>

struct an_range {
    uint64_t start, size; /* size >= 1 */
    void *value;
    struct an_range *left, *right; /* a treap: ordered by start, a heap by priority */
    uint64_t priority;
};

struct an_ranges { /* all zero: none */
    struct an_range *root, *spare;
    uint64_t count;
};

/* The caller has made sure that nothing overlaps. */
struct an_range *an_ranges_insert(struct an_ranges *ranges, uint64_t start, uint64_t size,
                                  void *value);
/* The range that holds ADDRESS, or NULL. */
struct an_range *an_ranges_at(const struct an_ranges *ranges, uint64_t address);
/* The first range that overlaps [START, START + SIZE), or NULL. */
struct an_range *an_ranges_overlap(const struct an_ranges *ranges, uint64_t start, uint64_t size);
void an_ranges_remove(struct an_ranges *ranges, uint64_t start);
void an_ranges_release(struct an_ranges *ranges);

#endif
