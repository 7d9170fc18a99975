/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread's events in their order: its chunks joined, repetitions told one by one, time stamps
 * and epochs filled in, and the accesses that other threads told for it put into their epoch.
 * Private to the reader.
 */
#ifndef SN_TRACE_STREAM_H
#define SN_TRACE_STREAM_H

#include "trace/index.h"
#include "trace/stacks.h"

struct tr_own_stack {
    uint8_t *bytes; /* of its definition, until it is first used: a copy */
    uint32_t length, number;
    uint64_t offset, time; /* of its definition */
};

/* Another thread's access, which this one has told. */
struct tr_behind {
    uint32_t thread, mode;
    uint64_t epoch, offset;
};

struct tr_stream {
    uint32_t thread;
    const struct tr_source *source;
    const struct tr_place *place, *places_end; /* chunks not begun yet */
    struct tr_cursor *cursor;                  /* in the chunk that is; NULL: in none */
    uint64_t time, epoch;                      /* behind EVENT */
    uint64_t settled, sure_before;             /* of that chunk */
    uint64_t read;                             /* bytes of events, so far */

    struct tr_event event;        /* the latest that the chunks gave */
    bool held;                    /* not handed out yet: deferred accesses come first */
    bool told;                    /* what the chunk gave last was another thread's */
    uint64_t repeat, step;        /* of EVENT */
    VEC(struct tr_behind) behind; /* what EVENT comes behind; whoever has seen to that empties it */

    const struct tr_deferred *deferred, *deferred_end;
    uint64_t deferred_done; /* repetitions of the first one */
    struct sn_map hurried;  /* those handed out before the first, and how often */

    struct sn_map own; /* own stack number: its place in STACKS, plus 1 */
    VEC(struct tr_own_stack) stacks;
};

/* The next event of the thread, STACK still by its own number, its bytes there until the next call.
 * False at the end. */
bool tr_stream_next(struct tr_stream *stream, struct tr_index *index, struct tr_event *ev);
/* The trace's number for the thread's own number OWN; 0 for one that is not defined, which counts
 * as damage once. */
uint32_t tr_stream_stack(struct tr_stream *stream, struct tr_stacks *stacks, uint32_t own,
                         struct tr_index *index);
/* The least epoch of which accesses are left that others have told; UINT64_MAX: none are. */
static inline uint64_t tr_stream_left(const struct tr_stream *stream)
{
    return stream->deferred < stream->deferred_end ? stream->deferred->event.epoch : UINT64_MAX;
}
/* The deferred access of the thread that BEHIND names, if it is not handed out yet; or NULL. */
const struct tr_deferred *tr_stream_owes(const struct tr_stream *stream,
                                         const struct tr_behind *behind);
/* Hands that one out, once, before the event that came last from the stream, as it were. */
void tr_stream_hurry(struct tr_stream *stream, const struct tr_deferred *owed, struct tr_event *ev);
void tr_stream_release(struct tr_stream *stream);

#endif
