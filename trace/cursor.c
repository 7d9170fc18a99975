/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/cursor.h"

#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 32 << 10 }; /* bytes: much more than an event, little for each of 1,000 threads */

bool tr_source_read(const struct tr_source *source, uint64_t offset, void *to, size_t size)
{
    if (offset > source->size || size > source->size - offset)
        return false;
    if (source->memory) {
        memcpy(to, source->memory + offset, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(source->fd, (uint8_t *)to + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void tr_cursor_open(struct tr_cursor *cursor, const struct tr_source *source, uint64_t events,
                    uint64_t end, uint64_t time)
{
    cursor->source = source;
    cursor->coder = (struct tr_coder){.time = time};
    cursor->end = end;
    cursor->broken = false;
    if (source->memory) {
        cursor->at = source->memory + events;
        cursor->stop = source->memory + end;
        cursor->stop_offset = end;
    } else {
        cursor->at = cursor->stop = cursor->window;
        cursor->stop_offset = events;
    }
}

/* Brings SIZE bytes from the next event on into memory, or all that the chunk has. */
static void read_on(struct tr_cursor *cursor, size_t size)
{
    size_t kept = (size_t)(cursor->stop - cursor->at);
    uint64_t rest = cursor->end - tr_cursor_offset(cursor);
    if (size > rest)
        size = (size_t)rest;
    if (size > cursor->room) {
        uint8_t *window = sn_malloc(size);
        if (kept)
            memcpy(window, cursor->at, kept);
        free(cursor->window);
        cursor->window = window;
        cursor->room = size;
    } else if (kept) {
        memmove(cursor->window, cursor->at, kept);
    }
    cursor->at = cursor->window;
    cursor->stop = cursor->window + kept;
    if (!tr_source_read(cursor->source, cursor->stop_offset, cursor->window + kept, size - kept)) {
        cursor->broken = true;
        cursor->end = cursor->stop_offset;
        return;
    }
    cursor->stop = cursor->window + size;
    cursor->stop_offset += size - kept;
}

static bool may_read_on(const struct tr_cursor *cursor)
{
    return cursor->stop_offset < cursor->end;
}

bool tr_decode_sound(struct tr_coder *coder, const uint8_t **at, const uint8_t *end,
                     struct tr_event *ev)
{
    uint64_t before = coder->time;
    const uint8_t *next = tr_decode(coder, *at, end, ev);
    if (!next)
        return false;
    if (coder->time < before) { /* it never goes back within a chunk */
        coder->time = before;
        return false;
    }
    *at = next;
    return true;
}

bool tr_cursor_next(struct tr_cursor *cursor, struct tr_event *ev)
{
    if (cursor->stop - cursor->at < TR_EVENT_MAX && may_read_on(cursor))
        read_on(cursor, WINDOW);
    uint64_t offset = tr_cursor_offset(cursor);
    while (!tr_decode_sound(&cursor->coder, &cursor->at, cursor->stop, ev)) {
        /* An event's bytes may be longer than the window. */
        if (!tr_cursor_peek(cursor) || !may_read_on(cursor))
            return false;
        read_on(cursor, 2 * (size_t)(cursor->stop - cursor->at));
    }
    ev->offset = offset;
    return true;
}

int tr_cursor_peek(struct tr_cursor *cursor)
{
    if (cursor->at == cursor->stop && may_read_on(cursor))
        read_on(cursor, WINDOW);
    return cursor->at < cursor->stop ? *cursor->at : -1;
}

void tr_cursor_release(struct tr_cursor *cursor)
{
    free(cursor->window);
    *cursor = (struct tr_cursor){0};
}
