/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing at a load of at most three quarters; removal shifts the followers back. */
#include "base/map.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static size_t home(const struct sn_map *map, uint64_t key)
{
    return (size_t)sn_mix(key) & map->mask;
}

static size_t probe(const struct sn_map *map, uint64_t key)
{
    size_t i = home(map, key);
    while (map->used[i] && map->slots[i].key != key)
        i = (i + 1) & map->mask;
    return i;
}

static void grow(struct sn_map *map)
{
    struct sn_map old = *map;
    size_t room = old.slots ? (old.mask + 1) * 2 : 16;
    map->slots = sn_malloc(room * sizeof *map->slots);
    map->used = sn_calloc(room, 1);
    map->mask = room - 1;
    for (size_t i = 0; old.slots && i <= old.mask; i++) {
        if (!old.used[i])
            continue;
        size_t to = probe(map, old.slots[i].key);
        map->slots[to] = old.slots[i];
        map->used[to] = 1;
    }
    free(old.slots);
    free(old.used);
}

uint64_t *sn_map_find(const struct sn_map *map, uint64_t key)
{
    if (!map->slots)
        return NULL;
    size_t i = probe(map, key);
    return map->used[i] ? &map->slots[i].value : NULL;
}

uint64_t *sn_map_at(struct sn_map *map, uint64_t key)
{
    if (!map->slots || (map->count + 1) * 4 > (map->mask + 1) * 3)
        grow(map);
    size_t i = probe(map, key);
    if (!map->used[i]) {
        map->used[i] = 1;
        map->slots[i] = (struct sn_map_slot){.key = key};
        map->count++;
    }
    return &map->slots[i].value;
}

bool sn_map_remove(struct sn_map *map, uint64_t key)
{
    if (!map->slots)
        return false;
    size_t hole = probe(map, key);
    if (!map->used[hole])
        return false;
    for (size_t i = (hole + 1) & map->mask; map->used[i]; i = (i + 1) & map->mask) {
        size_t distance_home = (i - home(map, map->slots[i].key)) & map->mask;
        size_t distance_hole = (i - hole) & map->mask;
        if (distance_home >= distance_hole) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->used[hole] = 0;
    map->count--;
    return true;
}

struct sn_map_slot *sn_map_next(const struct sn_map *map, size_t *cursor)
{
    while (map->slots && *cursor <= map->mask) {
        size_t i = (*cursor)++;
        if (map->used[i])
            return &map->slots[i];
    }
    return NULL;
}

void sn_map_release(struct sn_map *map)
{
    free(map->slots);
    free(map->used);
    memset(map, 0, sizeof *map);
}
