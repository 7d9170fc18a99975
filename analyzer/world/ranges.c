/* SPDX-License-Identifier: Apache-2.0 */
/* A treap (Seidel and Aragon, 1996) whose priorities are a mix of the keys: no state, and the same
 * shape in every run. */
#include "analyzer/world/ranges.h"

#include "base/arena.h"
#include "base/map.h"

#include <stddef.h>
#include <stdlib.h>

/* Splits NODE into what starts before START and the rest. */
static void split(struct an_range *node, uint64_t start, struct an_range **low,
                  struct an_range **high)
{
    while (node) {
        if (node->start < start) {
            *low = node;
            low = &node->right;
            node = node->right;
        } else {
            *high = node;
            high = &node->left;
            node = node->left;
        }
    }
    *low = *high = NULL;
}

static struct an_range *merge(struct an_range *low, struct an_range *high)
{
    struct an_range *root = NULL, **at = &root;
    while (low && high) {
        if (low->priority > high->priority) {
            *at = low;
            at = &low->right;
            low = low->right;
        } else {
            *at = high;
            at = &high->left;
            high = high->left;
        }
    }
    *at = low ? low : high;
    return root;
}

struct an_range *an_ranges_insert(struct an_ranges *ranges, uint64_t start, uint64_t size,
                                  void *value)
{
    struct an_range *node = ranges->spare;
    if (node)
        ranges->spare = node->left;
    else
        node = sn_malloc(sizeof *node);
    *node = (struct an_range){start, size ? size : 1, value, NULL, NULL, sn_mix(start)};
    struct an_range **at = &ranges->root;
    while (*at && (*at)->priority > node->priority)
        at = start < (*at)->start ? &(*at)->left : &(*at)->right;
    split(*at, start, &node->left, &node->right);
    *at = node;
    ranges->count++;
    return node;
}

struct an_range *an_ranges_at(const struct an_ranges *ranges, uint64_t address)
{
    struct an_range *best = NULL;
    for (struct an_range *node = ranges->root; node;) {
        if (node->start <= address) {
            best = node;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best && address - best->start < best->size ? best : NULL;
}

struct an_range *an_ranges_overlap(const struct an_ranges *ranges, uint64_t start, uint64_t size)
{
    struct an_range *first = an_ranges_at(ranges, start);
    if (first || !size)
        return first;
    for (struct an_range *node = ranges->root; node;) {
        if (node->start >= start) {
            first = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return first && first->start - start < size ? first : NULL;
}

void an_ranges_remove(struct an_ranges *ranges, uint64_t start)
{
    struct an_range **at = &ranges->root;
    while (*at && (*at)->start != start)
        at = start < (*at)->start ? &(*at)->left : &(*at)->right;
    struct an_range *node = *at;
    if (!node)
        return;
    *at = merge(node->left, node->right);
    node->left = ranges->spare;
    ranges->spare = node;
    ranges->count--;
}

void an_ranges_release(struct an_ranges *ranges)
{
    struct an_range *node = ranges->root;
    while (node) { /* unrolls the tree into a list while it goes */
        struct an_range *left = node->left;
        if (left) {
            node->left = left->right;
            left->right = node;
            node = left;
        } else {
            struct an_range *next = node->right;
            free(node);
            node = next;
        }
    }
    while ((node = ranges->spare)) {
        ranges->spare = node->left;
        free(node);
    }
    *ranges = (struct an_ranges){0};
}
