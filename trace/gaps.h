/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which numbers of an object are not in a trace because its beginning is not: in a flight
 * recorder's trace, whose old chunks were given up, and in a snapshot. There a missing number is no
 * reason to wait for it. Private to the reader.
 *
 * Chunks that began after the newest loss (ring_time) miss nothing, so from an object's least
 * number among them on, all of its numbers are there. Only chunks that began earlier may hold
 * numbers with gaps between; those are few, at most one or two of each thread, and are listed.
 */
#ifndef SN_TRACE_GAPS_H
#define SN_TRACE_GAPS_H

#include "base/map.h"
#include "base/vec.h"
#include "trace/event.h"
#include "trace/wire.h"

struct tr_place;

struct tr_number { /* of an object, or of a counter */
    uint64_t of, version;
};

struct tr_gaps {
    bool any;                       /* else nothing is missing, or nobody knows */
    VEC(struct tr_number) early[2]; /* sorted; [0] objects, [1] counters */
    struct sn_map least[2];         /* of those that miss nothing */
};

/* What orders EV among the events of its object: false the object, true its memory's counter. */
static inline bool tr_by_counter(const struct tr_event *ev)
{
    return ev->kind == TR_ALLOC || ev->kind == TR_FREE || tr_is_access(ev->kind);
}

/* Takes note of EV, in a chunk that began after the newest loss, or may have. */
void tr_gaps_add(struct tr_gaps *gaps, const struct tr_event *ev, unsigned counter_bits,
                 bool early);
/* After the last. */
void tr_gaps_sort(struct tr_gaps *gaps);
/* The latest number up to VERSION that is there; 0 if none is. */
uint64_t tr_gaps_before(const struct tr_gaps *gaps, bool by_counter, uint64_t of, uint64_t version);
void tr_gaps_release(struct tr_gaps *gaps);

#endif
