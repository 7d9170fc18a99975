/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses and atomics that the program tells of: a thread's state for them, and how they get into
 * the trace.
 *
 * Order of an access (FORMAT.md): a number of the counter of the granule of its first byte, also
 * where it reaches into further granules; among the accesses of those it has no order.
 */
#ifndef REC_ACCESS_H
#define REC_ACCESS_H

#include "interpose/access/calls.h"
#include "interpose/access/filter.h"
#include "interpose/core/shared.h"

enum { REC_ACCESS_STACKS = 4096, REC_ACCESS_LOADS = 256 };

/* An atomic load that is in the trace: see seen() in atomics.c. */
struct rec_seen_load {
    uint64_t address;
    uint64_t generation; /* of the filter, behind the load */
    uint64_t writes;     /* of the stripe, at the load */
    uint32_t mode;
};

struct rec_access {
    uint64_t epoch; /* of the stream, when the filter was last emptied */
    uint32_t emitted;
    uint32_t ignored[2]; /* reads, writes: regions that say so, nested */
    uint64_t salt;       /* makes the keys of stacks this thread's own, as their numbers are */
    struct rec_calls calls;
    struct {
        uint64_t key; /* of context and pc */
        uint32_t id;
    } stacks[REC_ACCESS_STACKS];
    struct rec_seen_load loads[REC_ACCESS_LOADS];
    struct rec_filter filter;
};

/* The state of the calling thread, made on first use. NULL if accesses are not recorded or there is
 * no memory. Within rec_enter and rec_leave. */
struct rec_access *rec_access_of(struct rec_stream *s);

/* The stack of a call from instrumented code: PC is where it returns to, SP the stack pointer
 * there. */
uint32_t rec_access_stack(struct rec_stream *s, struct rec_access *access, uint64_t pc,
                          uint64_t sp);

/* The filter follows the stream's epoch. */
static inline void rec_access_epoch(const struct rec_stream *s, struct rec_access *access)
{
    if (access->epoch != s->epoch) {
        access->epoch = s->epoch;
        rec_filter_next(&access->filter);
    }
}

/* Appends an access or atomic; a time stamp now and then. */
static inline void rec_access_emit(struct rec_stream *s, struct rec_access *access,
                                   const struct tr_event *ev)
{
    if (!(++access->emitted & 255) || rec_unlikely(rec_is_shared(ev->object)))
        rec_stamp(s);
    rec_emit(s, ev);
}

/* Where the numbers of an atomic location, or of an address that an annotation names, come from.
 * NULL if there are too many. */
struct rec_object *rec_location(const void *address);

/* Accesses as they come from the program. MODE has flags but neither size nor order. */
void rec_access(uint64_t address, unsigned size, bool write, uint32_t mode, uint64_t pc,
                uint64_t sp);
void rec_access_range(uint64_t address, uint64_t size, bool write, uint64_t pc, uint64_t sp);

/* An atomic that the C or C++ library does on the program's behalf: before a store, after a load.
 */
void rec_atomic_told(const void *address, unsigned size, uint8_t kind, int order, uint64_t pc,
                     uint64_t sp);

/* Is the access already covered? The hot path; whatever is unusual says no. */
static inline bool rec_access_covered(uint64_t address, unsigned size, bool write)
{
    struct rec_stream *s = rec_self;
    if (rec_unlikely(!s))
        return false;
    struct rec_access *access = s->access;
    if (rec_unlikely(!access || access->epoch != s->epoch || (address & 7) + size > 8))
        return false;
    return rec_filter_covers(&access->filter, address, rec_filter_bytes(address, size, write));
}

/* An atomic that moved code does itself, read and write at once: before it and behind it, in the
 * same thread. It may have been a compare-exchange that failed. */
void rec_atomic_begins(const void *address, uint64_t pc, uint64_t sp);
void rec_atomic_ended(unsigned size, bool wrote, uint64_t pc, uint64_t sp);

#define rec_return_address() ((uint64_t)__builtin_return_address(0))

#endif
