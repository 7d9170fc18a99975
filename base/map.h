/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open-addressing table from 64-bit keys to 64-bit values (or pointers). All zero is an empty
 * one. Any key is allowed. Growing moves the slots: a pointer that sn_map_at returned is valid
 * until the next insertion.
 *
 *     struct sn_map ids = {0};
 *     *sn_map_at(&ids, address) = id;
 *     uint64_t *id = sn_map_find(&ids, address);
 */
#ifndef SN_BASE_MAP_H
#define SN_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sn_map_slot {
    uint64_t key, value;
};

struct sn_map {
    struct sn_map_slot *slots;
    size_t count, mask;      /* mask + 1 slots, or none where slots is NULL */
    struct sn_map_slot zero; /* what is under key 0, */
    bool has_zero;           /* if it is there */
};

/* The value under KEY, or NULL. */
uint64_t *sn_map_find(const struct sn_map *map, uint64_t key);
/* The value under KEY, which is 0 when new. */
uint64_t *sn_map_at(struct sn_map *map, uint64_t key);
/* Takes KEY out; false if it was not there. */
bool sn_map_remove(struct sn_map *map, uint64_t key);
/* Iterates in no stated order: start with *CURSOR = 0; NULL at the end. */
struct sn_map_slot *sn_map_next(const struct sn_map *map, size_t *cursor);
void sn_map_release(struct sn_map *map);

/* A 64-bit mix (splitmix64's finaliser) for keys and fingerprints of small values. */
static inline uint64_t sn_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

#endif
