/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunks are decoded one behind the other, up to where the index found them sound. A deferred
 * access of epoch E is handed out in E as soon as its stack is defined, or if it is LATE, before
 * the event that ends E, or when whoever told it cannot get on without (order.c).
 */
#include "trace/stream.h"

#include <inttypes.h>

static bool open_chunk(struct tr_stream *stream)
{
    if (stream->place == stream->places_end)
        return false;
    const struct tr_place *place = stream->place++;
    if (!stream->cursor)
        stream->cursor = sn_calloc(1, sizeof *stream->cursor);
    tr_cursor_open(stream->cursor, stream->source, place->events, place->end, place->time);
    if (place->time > stream->time)
        stream->time = place->time;
    stream->epoch = place->epoch;
    stream->settled = place->settled;
    stream->sure_before = place->sure_before;
    return true;
}

static void leave_chunks(struct tr_stream *stream)
{
    if (stream->cursor)
        tr_cursor_release(stream->cursor);
    free(stream->cursor);
    stream->cursor = NULL;
}

static bool next_in_chunk(struct tr_stream *stream, struct tr_index *index, struct tr_event *ev)
{
    struct tr_cursor *cursor = stream->cursor;
    if (!cursor)
        return false;
    uint64_t before = tr_cursor_offset(cursor);
    bool more = tr_cursor_next(cursor, ev);
    stream->read += tr_cursor_offset(cursor) - before;
    if (cursor->broken) {
        tr_damage_add(&index->damage, cursor->end, "%s", TR_UNREADABLE);
        cursor->broken = false;
    }
    return more;
}

static void define_stack(struct tr_stream *stream, const struct tr_event *ev)
{
    uint64_t *place = sn_map_at(&stream->own, ev->a0);
    if (!*place) {
        vec_push(&stream->stacks);
        *place = stream->stacks.count;
    }
    struct tr_own_stack *stack = &stream->stacks.at[*place - 1];
    free(stack->bytes);
    *stack = (struct tr_own_stack){.bytes = sn_malloc(ev->bytes_length + 1),
                                   .length = ev->bytes_length,
                                   .offset = ev->offset,
                                   .time = stream->time};
    if (ev->bytes_length)
        memcpy(stack->bytes, ev->bytes, ev->bytes_length);
}

/* An event of the chunk: true if it is one to hand out. */
static bool take(struct tr_stream *stream, struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_TIME:
        if (stream->cursor->coder.time > stream->time)
            stream->time = stream->cursor->coder.time;
        return false;
    case TR_STACK_DEF:
        define_stack(stream, ev);
        return false;
    case TR_RUN:
        stream->repeat = stream->told ? 0 : ev->a0;
        stream->step = ev->a1;
        return false;
    default:
        break;
    }
    stream->told = !tr_tells(ev); /* the index has it */
    if (stream->told) {
        if (tr_is_deferred(ev) && ev->thread != stream->thread)
            *vec_push(&stream->behind) =
                (struct tr_behind){ev->thread, ev->mode, ev->epoch, ev->offset};
        return false;
    }
    ev->thread = stream->thread;
    stream->event = *ev;
    return true;
}

static void enter(struct tr_stream *stream)
{
    struct tr_event *ev = &stream->event;
    ev->time = stream->time;
    ev->unsure = stream->time >= stream->sure_before;
    ev->epoch = stream->epoch;
    if (tr_moves_epoch(ev->kind, ev->mode))
        stream->epoch++;
}

/* Makes EVENT the next one of the chunks. */
static bool advance(struct tr_stream *stream, struct tr_index *index)
{
    struct tr_event ev;
    for (;;) {
        if (stream->repeat) {
            stream->repeat--;
            stream->event.object += stream->step;
            stream->event.version = tr_run_version(stream->event.kind, stream->event.version, 1);
            break;
        }
        if (next_in_chunk(stream, index, &ev)) {
            if (take(stream, &ev))
                break;
        } else if (!open_chunk(stream)) {
            leave_chunks(stream);
            return false;
        }
    }
    enter(stream);
    return true;
}

/* How often it was handed out before its turn. */
static uint64_t hurried(const struct tr_stream *stream, const struct tr_deferred *deferred)
{
    const uint64_t *done = sn_map_find(&stream->hurried, (uintptr_t)deferred);
    return done ? *done : 0;
}

/* The first one is done. */
static void leave_deferred(struct tr_stream *stream)
{
    do
        stream->deferred_done = hurried(stream, ++stream->deferred);
    while (stream->deferred < stream->deferred_end &&
           stream->deferred_done > stream->deferred->repeat);
}

static void take_deferred(struct tr_stream *stream, const struct tr_deferred *deferred,
                          uint64_t *done, struct tr_event *ev)
{
    *ev = deferred->event;
    ev->object += deferred->step * *done;
    ev->version = tr_run_version(ev->kind, ev->version, *done);
    ev->time = stream->time;
    ev->unsure = stream->time >= stream->sure_before;
    ++*done;
    if (deferred == stream->deferred && *done > deferred->repeat)
        leave_deferred(stream);
}

/* Where the deferred access that BEHIND names stands, or the first that is greater. */
static const struct tr_deferred *search(const struct tr_stream *stream,
                                        const struct tr_behind *behind)
{
    const struct tr_deferred *at = stream->deferred, *end = stream->deferred_end;
    struct tr_deferred sought = {.event = {.thread = behind->thread,
                                           .mode = behind->mode,
                                           .epoch = behind->epoch,
                                           .offset = behind->offset}};
    while (at < end) {
        const struct tr_deferred *middle = at + (end - at) / 2;
        if (tr_deferred_compare(middle, &sought) < 0)
            at = middle + 1;
        else
            end = middle;
    }
    return at;
}

const struct tr_deferred *tr_stream_owes(const struct tr_stream *stream,
                                         const struct tr_behind *behind)
{
    const struct tr_deferred *found = search(stream, behind);
    bool owed = found < stream->deferred_end && found->event.offset == behind->offset &&
                hurried(stream, found) <= found->repeat;
    return owed ? found : NULL;
}

void tr_stream_hurry(struct tr_stream *stream, const struct tr_deferred *owed, struct tr_event *ev)
{
    if (owed == stream->deferred)
        take_deferred(stream, owed, &stream->deferred_done, ev);
    else
        take_deferred(stream, owed, sn_map_at(&stream->hurried, (uintptr_t)owed), ev);
}

/* Does a deferred access come before the thread's own next event? */
static bool deferred_is_next(const struct tr_stream *stream)
{
    const struct tr_event *own = &stream->event;
    uint64_t epoch = tr_stream_left(stream);
    if (stream->deferred == stream->deferred_end)
        return false;
    if (!stream->held || epoch < own->epoch)
        return true;
    const struct tr_event *deferred = &stream->deferred->event;
    bool soon = !(deferred->mode & TR_ACC_LATE) && sn_map_find(&stream->own, deferred->stack);
    return epoch == own->epoch && (soon || tr_moves_epoch(own->kind, own->mode));
}

bool tr_stream_next(struct tr_stream *stream, struct tr_index *index, struct tr_event *ev)
{
    if (!stream->held)
        stream->held = advance(stream, index);
    if (deferred_is_next(stream)) {
        take_deferred(stream, stream->deferred, &stream->deferred_done, ev);
        return true;
    }
    if (!stream->held)
        return false;
    *ev = stream->event;
    stream->held = false;
    return true;
}

/* A deferred access that was hurried may come before its stack is defined: then that is looked for
 * further on. */
static bool define_soon(struct tr_stream *stream, uint32_t own)
{
    struct tr_event ev;
    bool found = false;
    for (const struct tr_place *place = stream->place - (stream->cursor != NULL);
         place < stream->places_end && !found; place++) {
        struct tr_cursor *cursor = sn_calloc(1, sizeof *cursor);
        tr_cursor_open(cursor, stream->source, place->events, place->end, place->time);
        while (!found && tr_cursor_next(cursor, &ev))
            found = ev.kind == TR_STACK_DEF && ev.a0 == own;
        if (found)
            define_stack(stream, &ev);
        tr_cursor_release(cursor);
        free(cursor);
    }
    return found;
}

uint32_t tr_stream_stack(struct tr_stream *stream, struct tr_stacks *stacks, uint32_t own,
                         struct tr_index *index)
{
    if (!own)
        return 0;
    if (!sn_map_find(&stream->own, own) && define_soon(stream, own))
        return tr_stream_stack(stream, stacks, own, index);
    uint64_t *place = sn_map_at(&stream->own, own);
    if (!*place) {
        vec_push(&stream->stacks);
        *place = stream->stacks.count;
        tr_damage_add(&index->damage, stream->event.offset,
                      "thread %" PRIu32 " does not define its stack %" PRIu32, stream->thread, own);
    }
    struct tr_own_stack *stack = &stream->stacks.at[*place - 1];
    if (stack->bytes && !tr_stacks_number(stacks, stack->bytes, stack->length, &index->modules,
                                          stack->time, &stack->number))
        tr_damage_add(&index->damage, stack->offset,
                      "stack %" PRIu32 " of thread %" PRIu32 " is damaged", own, stream->thread);
    free(stack->bytes);
    stack->bytes = NULL;
    return stack->number;
}

void tr_stream_release(struct tr_stream *stream)
{
    leave_chunks(stream);
    sn_map_release(&stream->own);
    vec_each (struct tr_own_stack, stack, &stream->stacks)
        free(stack->bytes);
    vec_release(&stream->stacks);
    vec_release(&stream->behind);
    sn_map_release(&stream->hurried);
}
