/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the header page on, every multiple of TR_CHUNK_ALIGN is a place where a chunk may start. A
 * sound chunk header carries its own offset and a size that leads to the next place; where there is
 * none, the search goes on one step further, so that garbage costs only itself. Each chunk is
 * decoded once, to see how far it is sound and to collect what must be known before the first
 * event: modules, arguments, deferred accesses.
 */
#include "trace/index.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A kill in the middle of an event leaves up to so many bytes behind the 0x00 that ends a chunk. */
enum { HALF_EVENT = 1024 };

void tr_damage_add(struct tr_damage *damage, uint64_t offset, const char *format, ...)
{
    bool first = !damage->places || offset < damage->first_offset;
    damage->places++;
    if (!first)
        return;
    damage->first_offset = offset;
    va_list args;
    va_start(args, format);
    vsnprintf(damage->first_reason, sizeof damage->first_reason, format, args);
    va_end(args);
}

/* The file that is indexed. */
struct pass {
    struct tr_index *index;
    const struct tr_source *source;
    struct tr_cursor cursor;
    struct sn_map module_of; /* by load bias: its place among those told, plus 1 */
};

enum place_kind { PLACE_EMPTY, PLACE_CHUNK, PLACE_GARBAGE, PLACE_UNREADABLE };

static enum place_kind look(const struct pass *pass, uint64_t offset, struct tr_chunk *chunk)
{
    if (!tr_source_read(pass->source, offset, chunk, sizeof *chunk))
        return PLACE_UNREADABLE;
    if (chunk->magic == 0) /* written last: given out, but never begun */
        return PLACE_EMPTY;
    if (chunk->magic != TR_CHUNK_MAGIC || chunk->offset != offset || chunk->size < TR_CHUNK_ALIGN ||
        chunk->size > TR_CHUNK_MAX || chunk->size % TR_CHUNK_ALIGN ||
        chunk->thread >= TR_THREAD_LIMIT)
        return PLACE_GARBAGE;
    return PLACE_CHUNK;
}

static void add_module(struct pass *pass, const struct tr_event *ev)
{
    struct tr_index *index = pass->index;
    uint32_t length = ev->bytes_length;
    const char *path = tr_names_path(ev->bytes, &length);
    struct tr_module module = {
        .base = ev->object, .start = ev->a0, .end = ev->a1, .access_source = ev->mode};
    if (length < ev->bytes_length) {
        module.build_id_length = ev->bytes[0];
        if (module.build_id_length > sizeof module.build_id)
            module.build_id_length = sizeof module.build_id;
        memcpy(module.build_id, ev->bytes + 1, module.build_id_length);
    }
    module.path = sn_strndup(&index->arena, path, length);
    tr_names_add(&index->names, path, length, module.base);
    tr_modules_add(&index->modules, &module, ev->time);
    *sn_map_at(&pass->module_of, ev->object) = index->modules.tellings.count;
}

static void add_coverage(struct pass *pass, const struct tr_event *ev)
{
    const uint64_t *place = sn_map_find(&pass->module_of, ev->object);
    if (!place)
        return;
    struct tr_module *module = &pass->index->modules.tellings.at[*place - 1].module;
    module->access_source = ev->mode;
    if (ev->a0) { /* else there is but a reason to tell */
        module->sites = ev->a0;
        module->covered = ev->a1;
    }
    if (ev->bytes_length)
        module->reason = sn_strndup(&pass->index->arena, (const char *)ev->bytes, ev->bytes_length);
}

static void count_observers(struct tr_index *index, const struct tr_event *ev, uint64_t count)
{
    *vec_push(&index->observers) =
        (struct tr_observers){.object = ev->object, .version = ev->version, .count = count};
}

/* EV is to be told COUNT times more. */
static void collect_run(struct tr_index *index, const struct tr_event *ev, uint64_t count,
                        uint64_t step)
{
    if (tr_is_deferred(ev)) {
        vec_last(&index->deferred)->repeat = count;
        vec_last(&index->deferred)->step = step;
    }
    if (tr_kinds[ev->kind].order == TR_ORDER_OBSERVES && ev->version)
        count_observers(index, ev, count);
}

static void collect(struct pass *pass, const struct tr_event *ev)
{
    struct tr_index *index = pass->index;
    if (tr_kinds[ev->kind].order == TR_ORDER_OBSERVES && ev->version)
        count_observers(index, ev, 1);
    switch (ev->kind) {
    case TR_MODULE:
        add_module(pass, ev);
        break;
    case TR_COVERAGE:
        add_coverage(pass, ev);
        break;
    case TR_META:
        if (ev->a0 == TR_META_ARGUMENT)
            *vec_push(&index->arguments) =
                sn_strndup(&index->arena, (const char *)ev->bytes, ev->bytes_length);
        break;
    case TR_THREAD_CREATE:
        *sn_map_at(&index->created, ev->a0) = 1;
        break;
    case TR_READ ... TR_WRITE_RANGE:
        if (ev->mode & TR_ACC_DEFERRED)
            *vec_push(&index->deferred) = (struct tr_deferred){.event = *ev};
        break;
    default:
        break;
    }
}

/* Decodes the events of a chunk from PLACE->events to END, and sets PLACE->end to where they stop.
 */
static void decode_chunk(struct pass *pass, struct tr_place *place, uint64_t end)
{
    struct tr_index *index = pass->index;
    struct tr_cursor *cursor = &pass->cursor;
    struct tr_event ev, before = {0};
    tr_cursor_open(cursor, pass->source, place->events, end, place->time);
    while (tr_cursor_next(cursor, &ev)) {
        if (ev.kind == TR_RUN)
            collect_run(index, &before, ev.a0, ev.a1);
        if (ev.kind == TR_LOST && ev.mode != TR_LOSS_NO_STACK)
            tr_index_lost_at(index, cursor->coder.time);
        ev.time = cursor->coder.time;
        ev.teller = place->thread;
        collect(pass, &ev);
        place->tells |= tr_tells(&ev);
        before = ev;
    }
    place->end = tr_cursor_offset(cursor);
    place->last = cursor->coder.time;
    bool damaged = tr_cursor_peek(cursor) > 0;
    if (damaged || cursor->broken)
        tr_index_lost_at(index, place->last);
    if (cursor->broken)
        tr_damage_add(&index->damage, cursor->end, "%s", TR_UNREADABLE);
    else if (damaged && !index->damage.cut)
        tr_damage_add(&index->damage, place->end, "no event of a trace of version %d",
                      TR_VERSION_NUMBER);
}

/* Is there nothing between OFFSET and END? */
static bool all_zero(const struct tr_source *source, uint64_t offset, uint64_t end)
{
    uint64_t words[512];
    for (size_t size; offset < end; offset += size) {
        size = end - offset < sizeof words ? (size_t)(end - offset) : sizeof words;
        words[(size - 1) / 8] = 0;
        if (!tr_source_read(source, offset, words, size))
            return true;
        for (size_t i = 0; i < (size + 7) / 8; i++)
            if (words[i])
                return false;
    }
    return true;
}

/* Reads the chunk at OFFSET. Returns where the next place is. */
static uint64_t take_chunk(struct pass *pass, uint64_t offset, const struct tr_chunk *chunk)
{
    struct tr_index *index = pass->index;
    uint64_t end = offset + chunk->size;
    if (end > pass->source->size) {
        index->damage.cut = true;
        end = pass->source->size;
        tr_damage_add(&index->damage, end, "the file ends within a chunk of thread %" PRIu32,
                      chunk->thread);
    }
    struct tr_place place = {.events = offset + sizeof *chunk,
                             .time = chunk->time,
                             .epoch = chunk->epoch,
                             .thread = chunk->thread,
                             .number = chunk->number,
                             .settled = UINT64_MAX};
    if (index->header.flags & TR_IS_SNAPSHOT)
        place.settled = offset + chunk->settled;
    decode_chunk(pass, &place, end);
    *vec_push(&index->chunks) = place;
    if (index->damage.cut)
        tr_index_lost_at(index, place.last);
    /* What stands behind the 0x00 of the end was an event once, unless the writer was killed. */
    if (tr_cursor_peek(&pass->cursor) == 0) {
        uint64_t quiet = place.end + HALF_EVENT < end ? place.end + HALF_EVENT : end;
        if (!all_zero(pass->source, quiet, end)) {
            tr_index_lost_at(index, place.last);
            tr_damage_add(&index->damage, place.end,
                          "a chunk of thread %" PRIu32 " ends before its events do", chunk->thread);
        }
    }
    return offset + chunk->size;
}

uint64_t tr_empty_size(const struct tr_header *header, uint64_t offset)
{
    uint64_t first = header->ring_kept, size = header->ring_chunk;
    if (!size || first % TR_CHUNK_ALIGN || size % TR_CHUNK_ALIGN)
        return TR_CHUNK_ALIGN;
    if (offset == TR_HEADER_SIZE && first)
        return first;
    return (offset - TR_HEADER_SIZE - first) % size ? TR_CHUNK_ALIGN : size;
}

static void find_chunks(struct pass *pass)
{
    const struct tr_header *header = &pass->index->header;
    struct tr_damage *damage = &pass->index->damage;
    bool in_garbage = false; /* what lies side by side is one place */
    uint64_t time = 0;       /* of the latest chunk: later places were given out later */
    uint64_t offset = TR_HEADER_SIZE;
    struct tr_chunk chunk;
    const uint64_t size = pass->source->size;
    while (offset < size && size - offset >= sizeof chunk) {
        enum place_kind kind = look(pass, offset, &chunk);
        if (kind == PLACE_UNREADABLE) {
            tr_index_lost_at(pass->index, header->ring_size ? 0 : time);
            tr_damage_add(damage, offset, "%s", TR_UNREADABLE);
            break;
        }
        if (kind == PLACE_GARBAGE && !in_garbage) {
            tr_index_lost_at(pass->index, header->ring_size ? 0 : time);
            tr_damage_add(damage, offset, "no chunk where one should start");
        }
        if (kind == PLACE_CHUNK)
            time = chunk.time;
        in_garbage = kind == PLACE_GARBAGE;
        if (kind == PLACE_CHUNK)
            offset = take_chunk(pass, offset, &chunk);
        else
            offset += kind == PLACE_EMPTY ? tr_empty_size(header, offset) : TR_CHUNK_ALIGN;
    }
    bool grew = !header->lost[TR_LOSS_NO_SPACE]; /* else the end counts what could not be had */
    if (!damage->cut && grew && (size < TR_HEADER_SIZE || header->end > size)) {
        damage->cut = true;
        tr_index_lost_at(pass->index, header->ring_size ? 0 : time);
        tr_damage_add(damage, size, "the file ends where chunks should follow");
    }
}

static void name_modules(struct tr_index *index)
{
    vec_each (struct tr_module, module, &index->modules.known) {
        size_t length = strlen(module->path);
        const char *name = tr_names_of(module->path, &length);
        const uint64_t *base = tr_names_base(&index->names, name, length);
        if (base && *base == module->base - module->moved)
            module->name = name;
    }
}

static int by_thread_and_number(const void *left, const void *right)
{
    const struct tr_place *a = left, *b = right;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->events < b->events ? -1 : a->events > b->events;
}

int tr_deferred_compare(const void *left, const void *right)
{
    const struct tr_event *a = &((const struct tr_deferred *)left)->event;
    const struct tr_event *b = &((const struct tr_deferred *)right)->event;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    if ((a->mode ^ b->mode) & TR_ACC_LATE)
        return a->mode & TR_ACC_LATE ? 1 : -1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int by_object_and_version(const void *left, const void *right)
{
    const struct tr_observers *a = left, *b = right;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    return a->version < b->version ? -1 : a->version > b->version;
}

/* Makes one of all who observe the same version. */
static void join_observers(struct tr_index *index)
{
    struct tr_observers *at = index->observers.at;
    size_t count = 0;
    for (size_t i = 0; i < index->observers.count; i++)
        if (count && by_object_and_version(&at[count - 1], &at[i]) == 0)
            at[count - 1].count += at[i].count;
        else
            at[count++] = at[i];
    index->observers.count = count;
    for (size_t i = 0; i < count; i++)
        at[i].left = at[i].count;
}

#define SORT(vec, order)                                                                           \
    do {                                                                                           \
        if ((vec)->count)                                                                          \
            qsort((vec)->at, (vec)->count, sizeof *(vec)->at, order);                              \
    } while (0)

/* Is it the one that a ring never gives up? */
static bool is_kept(const struct tr_place *place)
{
    return !place->thread && !place->number;
}

/*
 * In a ring a thread's old chunks go one by one, and what is there is all that it did since. Only a
 * kill, or a snapshot, in the moment in which two threads take places can leave an older one than
 * the newest that is gone: it counts as gone.
 */
static void drop_before_losses(struct tr_index *index)
{
    struct tr_place *at = index->chunks.at;
    size_t kept = index->chunks.count, count = 0;
    for (size_t i = index->chunks.count; i-- > 0;) {
        bool follows = i + 1 < index->chunks.count && at[i + 1].thread == at[i].thread;
        bool gap = follows && (at[i + 1].number - at[i].number > 1 || at[i + 1].lost);
        at[i].lost = gap && !is_kept(&at[i]);
    }
    for (size_t i = 0; i < kept; i++)
        if (!at[i].lost)
            at[count++] = at[i];
    index->chunks.count = count;
}

static void find_gaps(struct tr_index *index, const struct tr_source *source)
{
    const struct tr_header *header = &index->header;
    struct tr_gaps *gaps = &index->gaps;
    gaps->any = header->ring_lost || header->flags & TR_IS_SNAPSHOT;
    if (!gaps->any)
        return;
    struct tr_cursor cursor = {0};
    struct tr_event ev;
    vec_each (struct tr_place, place, &index->chunks) {
        tr_cursor_open(&cursor, source, place->events, place->end, place->time);
        while (tr_cursor_next(&cursor, &ev))
            if (tr_cursor_offset(&cursor) <= place->settled)
                tr_gaps_add(gaps, &ev, header->counter_bits,
                            header->ring_lost && place->time <= header->ring_time);
    }
    tr_cursor_release(&cursor);
    tr_gaps_sort(gaps);
    vec_each (struct tr_observers, observers, &index->observers)
        observers->version = tr_gaps_before(gaps, false, observers->object, observers->version);
}

static void find_missing(struct tr_index *index)
{
    for (size_t i = 0; i < index->chunks.count; i++) {
        const struct tr_place *place = &index->chunks.at[i];
        bool first = i == 0 || place[-1].thread != place->thread;
        uint32_t expected = first ? 0 : place[-1].number + 1;
        bool given_up = index->header.ring_lost && (first || is_kept(&place[-1]));
        if (place->number == expected || given_up)
            continue;
        tr_index_lost_at(index, first ? 0 : place[-1].last);
        tr_damage_add(&index->damage, place->events - sizeof(struct tr_chunk),
                      "chunk %" PRIu32 " of thread %" PRIu32 ", not %" PRIu32, place->number,
                      place->thread, expected);
    }
}

void tr_index_build(struct tr_index *index, const struct tr_header *header,
                    const struct tr_source *source)
{
    *index = (struct tr_index){.lost_from = UINT64_MAX, .header = *header};
    struct pass pass = {.index = index, .source = source};
    find_chunks(&pass);
    tr_cursor_release(&pass.cursor);
    sn_map_release(&pass.module_of);
    SORT(&index->chunks, by_thread_and_number);
    if (index->header.ring_lost)
        drop_before_losses(index);
    find_gaps(index, source);
    SORT(&index->deferred, tr_deferred_compare);
    tr_modules_settle(&index->modules);
    SORT(&index->observers, by_object_and_version);
    join_observers(index);
    name_modules(index);
    find_missing(index);
    tr_losses_find(index, source);
}

void tr_index_release(struct tr_index *index)
{
    vec_release(&index->chunks);
    vec_release(&index->deferred);
    tr_modules_release(&index->modules);
    vec_release(&index->arguments);
    tr_names_release(&index->names);
    sn_map_release(&index->created);
    tr_gaps_release(&index->gaps);
    vec_release(&index->observers);
    sn_arena_release(&index->arena);
}
