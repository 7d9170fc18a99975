/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace's bytes, wherever they are, and a way along the events of one chunk. Of a file only a
 * window is in memory, so a trace may be larger than that. Private to the reader.
 *
 *     struct tr_cursor cursor = {0};
 *     tr_cursor_open(&cursor, source, first_event, chunk_end, chunk_time);
 *     while (tr_cursor_next(&cursor, &ev))
 *         ...
 *     tr_cursor_release(&cursor);
 */
#ifndef SN_TRACE_CURSOR_H
#define SN_TRACE_CURSOR_H

#include "trace/wire.h"

#include <stddef.h>

struct tr_source {
    const uint8_t *memory; /* all of it, or NULL: it is read from FD */
    int fd;
    uint64_t size;
};

/* Copies the SIZE bytes at OFFSET. False if they cannot be had: the file has become shorter, or its
 * disk fails. */
bool tr_source_read(const struct tr_source *source, uint64_t offset, void *to, size_t size);

struct tr_cursor { /* all zero: not opened yet */
    const struct tr_source *source;
    struct tr_coder coder;
    const uint8_t *at, *stop; /* the next event, and how far bytes are in memory */
    uint64_t stop_offset;     /* in the file, of STOP */
    uint64_t end;             /* of the chunk, in the file */
    bool broken;              /* the file could not be read up to there */
    uint8_t *window;
    size_t room;
};

/* Goes to the event at offset EVENTS of a chunk that ends at END and began at TIME. One that was
 * open elsewhere keeps its window. */
void tr_cursor_open(struct tr_cursor *cursor, const struct tr_source *source, uint64_t events,
                    uint64_t end, uint64_t time);
/* The next event, as tr_decode gives it, with its offset; its bytes are there until the next call.
 * False at the chunk's end or at damage, and stays there. */
bool tr_cursor_next(struct tr_cursor *cursor, struct tr_event *ev);
/* The byte there; -1 at the chunk's end. */
int tr_cursor_peek(struct tr_cursor *cursor);
void tr_cursor_release(struct tr_cursor *cursor);

static inline uint64_t tr_cursor_offset(const struct tr_cursor *cursor)
{
    return cursor->stop_offset - (uint64_t)(cursor->stop - cursor->at);
}

/* The next event at *AT before END, in the chunk whose coder is CODER; false at the chunk's end or
 * at damage, with *AT left there. */
bool tr_decode_sound(struct tr_coder *coder, const uint8_t **at, const uint8_t *end,
                     struct tr_event *ev);

#endif
