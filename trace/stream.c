/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunks are decoded one behind the other, up to where the index found them sound. A deferred
 * access of epoch E is handed out last in E, just before the event that ends it: by then every
 * stack that it can name is defined.
 */
#include "trace/stream.h"

#include <inttypes.h>

static bool open_chunk(struct tr_stream *stream)
{
    if (stream->place == stream->places_end)
        return false;
    const struct tr_place *place = stream->place++;
    if (!stream->coder)
        stream->coder = sn_malloc(sizeof *stream->coder);
    *stream->coder = (struct tr_coder){.time = place->time};
    if (place->time > stream->time)
        stream->time = place->time;
    stream->epoch = place->epoch;
    stream->settled = place->settled;
    stream->sure_before = place->sure_before;
    stream->at = stream->file + place->events;
    stream->end = stream->file + place->end;
    return true;
}

static void define_stack(struct tr_stream *stream, const struct tr_event *ev)
{
    uint64_t *place = sn_map_at(&stream->own, ev->a0);
    if (!*place) {
        vec_push(&stream->stacks);
        *place = stream->stacks.count;
    }
    stream->stacks.at[*place - 1] =
        (struct tr_own_stack){.bytes = ev->bytes, .length = ev->bytes_length, .time = stream->time};
}

/* An event of the chunk: true if it is one to hand out. */
static bool take(struct tr_stream *stream, struct tr_event *ev)
{
    switch (ev->kind) {
    case TR_TIME:
        if (stream->coder->time > stream->time)
            stream->time = stream->coder->time;
        return false;
    case TR_STACK_DEF:
        define_stack(stream, ev);
        return false;
    case TR_RUN:
        stream->repeat = stream->told ? 0 : ev->a0;
        stream->step = ev->a1;
        return false;
    case TR_READ ... TR_WRITE_RANGE:
        stream->told = ev->mode & TR_ACC_DEFERRED; /* the index has it */
        break;
    default:
        stream->told = false;
        break;
    }
    if (stream->told)
        return false;
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
static bool advance(struct tr_stream *stream)
{
    struct tr_event ev;
    for (;;) {
        if (stream->repeat) {
            stream->repeat--;
            stream->event.object += stream->step;
            stream->event.version = tr_run_version(stream->event.kind, stream->event.version, 1);
            break;
        }
        const uint8_t *at = stream->at;
        if (stream->coder && tr_index_decode(stream->coder, &stream->at, stream->end, &ev)) {
            ev.offset = (uint64_t)(at - stream->file);
            stream->read += (uint64_t)(stream->at - at);
            if (take(stream, &ev))
                break;
        } else if (!open_chunk(stream)) {
            free(stream->coder);
            stream->coder = NULL;
            return false;
        }
    }
    enter(stream);
    return true;
}

static void take_deferred(struct tr_stream *stream, struct tr_event *ev)
{
    const struct tr_deferred *deferred = stream->deferred;
    uint64_t done = stream->deferred_done;
    *ev = deferred->event;
    ev->object += deferred->step * done;
    ev->version = tr_run_version(ev->kind, ev->version, done);
    ev->time = stream->time;
    ev->unsure = stream->time >= stream->sure_before;
    if (done < deferred->repeat) {
        stream->deferred_done++;
    } else {
        stream->deferred_done = 0;
        stream->deferred++;
    }
}

bool tr_stream_next(struct tr_stream *stream, struct tr_event *ev)
{
    if (!stream->held)
        stream->held = advance(stream);
    const struct tr_event *own = &stream->event;
    if (stream->deferred < stream->deferred_end) {
        uint64_t epoch = stream->deferred->event.epoch;
        bool ends = stream->held && tr_moves_epoch(own->kind, own->mode);
        if (!stream->held || epoch < own->epoch || (epoch == own->epoch && ends)) {
            take_deferred(stream, ev);
            return true;
        }
    }
    if (!stream->held)
        return false;
    *ev = *own;
    stream->held = false;
    return true;
}

uint32_t tr_stream_stack(struct tr_stream *stream, struct tr_stacks *stacks, uint32_t own,
                         struct tr_index *index)
{
    if (!own)
        return 0;
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
        tr_damage_add(&index->damage, (uint64_t)(stack->bytes - stream->file),
                      "stack %" PRIu32 " of thread %" PRIu32 " is damaged", own, stream->thread);
    stack->bytes = NULL;
    return stack->number;
}

void tr_stream_release(struct tr_stream *stream)
{
    free(stream->coder);
    sn_map_release(&stream->own);
    vec_release(&stream->stacks);
}
