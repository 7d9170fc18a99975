/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one pass over a trace's bytes finds before any event is handed out: where the chunks are and
 * how far each is sound, the modules, the program's arguments, the accesses that were told later
 * than they happened, and the damage. Private to the reader.
 */
#ifndef SN_TRACE_INDEX_H
#define SN_TRACE_INDEX_H

#include "base/map.h"
#include "base/vec.h"
#include "trace/cursor.h"
#include "trace/gaps.h"
#include "trace/modules.h"
#include "trace/names.h"
#include "trace/reader.h"

/* Threads with a higher number are taken for damage: what follows may keep tables by number. */
#define TR_THREAD_LIMIT (1u << 24)

struct tr_place {         /* a chunk */
    uint64_t events, end; /* offsets of the first event and behind the last sound one */
    uint64_t time, epoch;
    uint32_t thread, number;
    uint64_t last;        /* its last time stamp */
    uint64_t sure_before; /* events of an earlier stamp happened before any loss */
    bool lost;            /* older than one of its thread that is lost */
    bool tells;           /* some event of it is handed out where it stands */
    uint64_t settled; /* events from here on: of a snapshot, there may be others before them that
                         it has not */
};

struct tr_deferred { /* a deferred access, and how often it is repeated */
    struct tr_event event;
    uint64_t step, repeat;
};

/* As they are sorted: as by qsort. */
int tr_deferred_compare(const void *left, const void *right);

struct tr_observers { /* of one version of an object */
    uint64_t object, version;
    uint64_t count, left; /* all; those not handed out yet */
};

struct tr_index {
    struct sn_arena arena;
    VEC(struct tr_place) chunks;      /* by thread, then number */
    VEC(struct tr_deferred) deferred; /* by thread, epoch, whether they are LATE, and offset */
    struct tr_modules modules;
    VEC(char *) arguments;
    struct tr_names names;
    VEC(struct tr_observers) observers; /* by object, then version */
    struct sn_map created;              /* threads with a THREAD_CREATE */
    struct tr_damage damage;
    struct tr_gaps gaps;
    uint64_t
        lost_from; /* what happened from then on may be missing in part; UINT64_MAX: nothing is */
    struct tr_header header;
};

/* What is said of bytes that the file had, but could not be read. */
#define TR_UNREADABLE "the file cannot be read from here on"

/* Fills *INDEX from the trace in SOURCE, with a good HEADER. */
void tr_index_build(struct tr_index *index, const struct tr_header *header,
                    const struct tr_source *source);
void tr_index_release(struct tr_index *index);

/* How long the place at OFFSET is, where no chunk was begun: one of a ring may be half wiped. */
uint64_t tr_empty_size(const struct tr_header *header, uint64_t offset);

/* Is EV handed out where it stands? Some serve only to decode others, and a deferred access belongs
 * elsewhere. */
static inline bool tr_tells(const struct tr_event *ev)
{
    bool serves = ev->kind == TR_TIME || ev->kind == TR_STACK_DEF || ev->kind == TR_RUN;
    return !serves && !tr_is_deferred(ev);
}

/* Counts one more damaged place, at OFFSET. */
void tr_damage_add(struct tr_damage *damage, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something is missing that may have happened at TIME or later. */
void tr_index_lost_at(struct tr_index *index, uint64_t time);
/* losses.c, once all chunks are known: from when on, and what surely came before it. */
void tr_losses_find(struct tr_index *index, const struct tr_source *source);

#endif
