/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first sight of memory, to spare most of it a second one: which granules do two threads use, one
 * of them writing, without a lock that protects all of that, and without an order that no schedule
 * can turn round (create, join, conditions: world/order.h, hard)? No other order of the run makes
 * two accesses of any other granule race.
 *
 * Uses of a granule are looked at by phases. A new one begins where all uses of the present one
 * come before, in every order: what is initialised, then shared, then taken back. It also begins
 * where one thread alone goes on to read what it wrote, or under other locks. What was in a phase
 * matters to later uses as long as it does not come before them, and if it does not, then some use
 * of the phase that followed it doesn't either: so of all phases but the present one it is enough
 * to know the latest users, and of the others what is to be said of all of them.
 */
#ifndef SN_ANALYZER_WORLD_SIGHTS_H
#define SN_ANALYZER_WORLD_SIGHTS_H

#include "analyzer/predict/guards.h"
#include "base/map.h"

struct an_world;

struct an_sight_use { /* by one thread, latest */
    uint32_t slot, thread;
    uint64_t clock;
};

struct an_sight_phase {
    struct an_sight_use first; /* of the one thread, as long as there is only one */
    uint32_t others;           /* a list of all, plus 1; 0: only `first` */
    uint32_t common;           /* locks that protect all uses */
    bool any, written, plain;
};

struct an_sight {
    struct an_sight_phase now, past; /* PAST: users of the last phase, and the rest of all phases */
    bool suspect;
};

/* A granule of which that is so, since the event of that number of the reader's. Between its first
 * use and the end of what lies there it becomes one once. */
struct an_suspect {
    uint64_t index, granule;
};

struct an_suspects {
    VEC(struct an_suspect) of; /* by event */
};

struct an_sight_uses {
    VEC(struct an_sight_use) of;
};

struct an_sights {
    bool wanted; /* somebody asks */
    struct an_suspects suspects;
    VEC(struct an_sight) all; /* number N, which the memory's cells keep, is at N - 1 */
    VEC(uint32_t) spare;      /* numbers of those that have ended */
    VEC(struct an_sight_uses) lists;
    struct an_guards guards;
    VEC(uint32_t) guard_of; /* by the number of the world's lock set, plus 1 */
};

/* WORLD's `now.access` is made, of SIZE bytes at ADDRESS. */
void an_sights_access(struct an_world *world, uint64_t address, uint64_t size);
/* The same for a free, before the memory is forgotten. */
void an_sights_free(struct an_world *world, uint64_t address, uint64_t size);
void an_sights_release(struct an_sights *sights);

#endif
