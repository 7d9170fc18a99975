/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing at a load of at most three quarters; removal shifts the followers back. A slot of
 * key 0 is empty: so a look is at one place in memory, and key 0 has a slot of its own.
 */
#include "base/map.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static size_t home(const struct sn_map *map, uint64_t key)
{
    return (size_t)sn_mix(key) & map->mask;
}

/* Where KEY, which is not 0, is or would be. */
static struct sn_map_slot *probe(const struct sn_map *map, uint64_t key)
{
    size_t i = home(map, key);
    while (map->slots[i].key && map->slots[i].key != key)
        i = (i + 1) & map->mask;
    return &map->slots[i];
}

static void grow(struct sn_map *map)
{
    struct sn_map old = *map;
    size_t room = old.slots ? (old.mask + 1) * 2 : 16;
    map->slots = sn_calloc(room, sizeof *map->slots);
    map->mask = room - 1;
    for (size_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].key)
            *probe(map, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

uint64_t *sn_map_find(const struct sn_map *map, uint64_t key)
{
    if (!key)
        return map->has_zero ? (uint64_t *)(uintptr_t)&map->zero.value : NULL;
    if (!map->slots)
        return NULL;
    struct sn_map_slot *slot = probe(map, key);
    return slot->key ? &slot->value : NULL;
}

uint64_t *sn_map_at(struct sn_map *map, uint64_t key)
{
    if (!key) {
        map->count += !map->has_zero;
        map->has_zero = true;
        return &map->zero.value;
    }
    if (!map->slots || (map->count + 1) * 4 > (map->mask + 1) * 3)
        grow(map);
    struct sn_map_slot *slot = probe(map, key);
    if (!slot->key) {
        slot->key = key;
        map->count++;
    }
    return &slot->value;
}

bool sn_map_remove(struct sn_map *map, uint64_t key)
{
    if (!sn_map_find(map, key))
        return false;
    map->count--;
    if (!key) {
        map->has_zero = false;
        map->zero.value = 0;
        return true;
    }
    size_t hole = (size_t)(probe(map, key) - map->slots);
    for (size_t i = (hole + 1) & map->mask; map->slots[i].key; i = (i + 1) & map->mask) {
        size_t distance_home = (i - home(map, map->slots[i].key)) & map->mask;
        size_t distance_hole = (i - hole) & map->mask;
        if (distance_home >= distance_hole) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct sn_map_slot){0};
    return true;
}

struct sn_map_slot *sn_map_next(const struct sn_map *map, size_t *cursor)
{
    if (!*cursor) {
        *cursor = 1;
        if (map->has_zero)
            return (struct sn_map_slot *)(uintptr_t)&map->zero;
    }
    while (map->slots && *cursor - 1 <= map->mask) {
        struct sn_map_slot *slot = &map->slots[(*cursor)++ - 1];
        if (slot->key)
            return slot;
    }
    return NULL;
}

void sn_map_release(struct sn_map *map)
{
    free(map->slots);
    memset(map, 0, sizeof *map);
}
