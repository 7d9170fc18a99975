/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traces of processes that share memory as one run, in a world of its own: what each does there
 * and what orders it, merged by time stamps. Threads, private memory and private objects of each
 * process are others than those of each other; what is shared lies at one place for all, wherever
 * each of them has it mapped.
 *
 *     struct an_joined joined;
 *     an_joined_init(&joined);
 *     for each trace: an_joined_add(&joined, reader, id of its process in the report);
 *     struct tr_event ev;
 *     while (an_joined_next(&joined, &ev, &err) > 0)
 *         ... joined.world.now ...
 *     an_joined_release(&joined);
 *
 * The recorder stamps what orders such memory: an acquisition behind it, a release before it. So
 * whatever one process gave to another comes in that order. A process comes behind its parent's
 * fork, and before whoever has waited for a child to end.
 *
 * Atomics are stamped before or behind themselves, and a load that reads the same value again need
 * not be told, whatever another process has done meanwhile. So in shared memory each of them also
 * counts as a move that may be atomic, which may have ordered what nothing else orders
 * (world/publication.h), in any order of the two.
 */
#ifndef SN_ANALYZER_JOINED_H
#define SN_ANALYZER_JOINED_H

#include "analyzer/world/world.h"

/* A piece of shared memory as one process has it. */
struct an_mapping {
    uint64_t low, high;
    uint64_t place; /* of LOW in the joined world */
    uint32_t stack; /* of who mapped it; 0: it was there from the start */
};

struct an_part { /* one process */
    struct tr_reader *reader;
    uint32_t process; /* id in the report */
    struct tr_event next;
    bool more;
    uint64_t time; /* of what is next, or later */
    VEC(struct an_mapping) mappings;
    struct an_mapping latest; /* what was mapped last, of either kind */
};

struct an_joined {
    VEC(struct an_part) parts;
    struct an_world world;
    struct sn_map places;  /* of what is shared, by identity: its number */
    struct sn_map atomics; /* what was used atomically there, by place / 4: 1 */
    uint64_t events;
    bool begun;
    struct an_part *moved; /* which did something last, or NULL */
};

void an_joined_init(struct an_joined *joined);
/* False: there are too many. */
bool an_joined_add(struct an_joined *joined, struct tr_reader *reader, uint32_t process);
/* Shows the world the next event that matters, which EV gets as the world has seen it. 0 at the
 * end, negative if a trace cannot be read. */
int an_joined_next(struct an_joined *joined, struct tr_event *ev, struct sn_error *err);
/* Whose it is: of a thread by its number in the joined world, of a stack by its number there. */
const struct an_part *an_joined_part(const struct an_joined *joined, uint32_t thread);
const struct an_part *an_joined_stack_part(const struct an_joined *joined, uint32_t stack);
/* The thread's number in its own trace. */
uint32_t an_joined_thread(uint32_t thread);
struct tr_stack an_joined_stack(const struct an_joined *joined, uint32_t stack);
/* Is PLACE shared memory? Who mapped it, or else who has it; and PART's mapping of it, or NULL. */
bool an_joined_shared(uint64_t place);
const struct an_part *an_joined_owner(const struct an_joined *joined, uint64_t place);
const struct an_mapping *an_joined_mapping(const struct an_part *part, uint64_t place);
/* PLACE as a process has it: its owner, or the one whose private memory it is. */
uint64_t an_joined_address(const struct an_joined *joined, uint64_t place);
/* Is that at PLACE used atomically, by whichever process? */
bool an_joined_is_atomic(const struct an_joined *joined, uint64_t place);
void an_joined_release(struct an_joined *joined);

#endif
