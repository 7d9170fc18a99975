/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each thread fills a buffer of its own, chunk behind chunk, padded with zeros to TR_CHUNK_ALIGN;
 * finish lays the threads' buffers one behind the other and tells each chunk where it came to lie.
 */
#include "trace/writer.h"

enum { CHUNK_SIZE = 64 * 1024 };

struct stack {
    const uint64_t *pcs;
    uint32_t count;
    uint64_t modules; /* how many had been told */
};

struct tr_writer_thread {
    uint32_t number, chunks;
    VEC(uint8_t) bytes;
    size_t chunk; /* where the open chunk begins */
    bool open;
    struct tr_coder coder;
    uint64_t time, epoch;
    struct sn_arena arena;
    VEC(struct stack) stacks; /* stack N is at N - 1 */
    struct sn_map stack_of;   /* by hash: the latest stack with it */
};

void tr_writer_init(struct tr_writer *writer)
{
    *writer = (struct tr_writer){.header = {.magic = TR_MAGIC,
                                            .version = TR_VERSION_NUMBER,
                                            .header_size = TR_HEADER_SIZE,
                                            .arch = TR_ARCH_X86_64,
                                            .chunk_align = TR_CHUNK_ALIGN,
                                            .state = TR_STATE_ENDED,
                                            .counter_bits = TR_COUNTER_BITS},
                                 .chunk_size = CHUNK_SIZE};
}

static struct tr_writer_thread *thread_of(struct tr_writer *writer, uint32_t number)
{
    uint64_t *place = sn_map_at(&writer->thread_of, number);
    if (!*place) {
        struct tr_writer_thread *thread = sn_calloc(1, sizeof *thread);
        thread->number = number;
        *vec_push(&writer->threads) = thread;
        *place = writer->threads.count;
    }
    return writer->threads.at[*place - 1];
}

static void close_chunk(struct tr_writer_thread *thread)
{
    if (!thread->open)
        return;
    size_t used = thread->bytes.count - thread->chunk;
    size_t size = (used + TR_CHUNK_ALIGN - 1) / TR_CHUNK_ALIGN * TR_CHUNK_ALIGN;
    vec_reserve(&thread->bytes, size - used);
    memset(thread->bytes.at + thread->bytes.count, 0, size - used);
    thread->bytes.count += size - used;
    struct tr_chunk *chunk = (struct tr_chunk *)(thread->bytes.at + thread->chunk);
    chunk->size = (uint32_t)size;
    thread->open = false;
}

static void open_chunk(struct tr_writer_thread *thread)
{
    thread->chunk = thread->bytes.count;
    thread->open = true;
    thread->coder = (struct tr_coder){.time = thread->time};
    struct tr_chunk chunk = {.magic = TR_CHUNK_MAGIC,
                             .thread = thread->number,
                             .number = thread->chunks++,
                             .time = thread->time,
                             .epoch = thread->epoch};
    vec_reserve(&thread->bytes, sizeof chunk);
    memcpy(thread->bytes.at + thread->bytes.count, &chunk, sizeof chunk);
    thread->bytes.count += sizeof chunk;
}

static void encode(struct tr_writer *writer, struct tr_writer_thread *thread,
                   const struct tr_event *ev)
{
    size_t need = TR_EVENT_MAX + (size_t)ev->bytes_length;
    bool fits =
        thread->open && thread->bytes.count - thread->chunk + need <= (size_t)writer->chunk_size;
    /* A RUN must stay with the event that it repeats; all chunks have some room beyond their
       size. */
    if (!fits && ev->kind != TR_RUN) {
        close_chunk(thread);
        open_chunk(thread);
    }
    vec_reserve(&thread->bytes, need);
    uint8_t *start = thread->bytes.at + thread->bytes.count;
    thread->bytes.count += (size_t)(tr_encode(&thread->coder, start, ev) - start);
}

static void stamp(struct tr_writer *writer, struct tr_writer_thread *thread, uint64_t time)
{
    if (time <= thread->time)
        return;
    uint64_t step = time - thread->time;
    thread->time = time;
    if (thread->open)
        encode(writer, thread, &(struct tr_event){.kind = TR_TIME, .a0 = step});
}

/* Behind another module the same addresses may be other code: the stack is defined anew. */
static bool same_stack(const struct tr_writer *writer, const struct stack *stack,
                       const uint64_t *pcs, uint32_t count)
{
    return stack->modules == writer->modules && stack->count == count &&
           memcmp(stack->pcs, pcs, count * sizeof *pcs) == 0;
}

static void define_stack(struct tr_writer *writer, struct tr_writer_thread *thread, uint64_t number,
                         const uint64_t *pcs, uint32_t count)
{
    uint8_t *bytes = sn_malloc(((size_t)count + 1) * TR_VARINT_MAX);
    uint8_t *p = tr_put(bytes, count);
    for (uint32_t i = 0; i < count; i++)
        p = tr_put(p, tr_zigzag((int64_t)(pcs[i] - (i ? pcs[i - 1] : 0))));
    encode(writer, thread,
           &(struct tr_event){.kind = TR_STACK_DEF,
                              .a0 = number,
                              .bytes = bytes,
                              .bytes_length = (uint32_t)(p - bytes)});
    free(bytes);
}

uint32_t tr_writer_stack(struct tr_writer *writer, uint32_t number, const uint64_t *pcs,
                         uint32_t count)
{
    if (!count)
        return 0;
    if (count > TR_WRITER_STACK_MAX)
        count = TR_WRITER_STACK_MAX;
    struct tr_writer_thread *thread = thread_of(writer, number);
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = sn_mix(hash ^ pcs[i]) + i;
    uint64_t *known = sn_map_at(&thread->stack_of, hash);
    if (*known && same_stack(writer, &thread->stacks.at[*known - 1], pcs, count))
        return (uint32_t)*known;
    uint64_t *copy = SN_NEW_ARRAY(&thread->arena, uint64_t, count);
    memcpy(copy, pcs, count * sizeof *pcs);
    *vec_push(&thread->stacks) = (struct stack){copy, count, writer->modules};
    *known = thread->stacks.count;
    define_stack(writer, thread, *known, pcs, count);
    writer->header.flags |= TR_HAS_STACKS;
    return (uint32_t)*known;
}

void tr_writer_add_deferred(struct tr_writer *writer, uint32_t teller, const struct tr_event *ev)
{
    struct tr_writer_thread *thread = thread_of(writer, teller);
    struct tr_event copy = *ev;
    writer->modules += ev->kind == TR_MODULE || ev->kind == TR_MODULE_GONE;
    copy.mode %= TR_MODE_LIMIT;
    if (copy.bytes_length > TR_WRITER_BYTES_MAX)
        copy.bytes_length = TR_WRITER_BYTES_MAX;
    if (!tr_is_deferred(ev)) /* else the time is another's */
        stamp(writer, thread, ev->time);
    if (ev->kind == TR_RUN && thread->coder.last) {
        const struct tr_slot *slot = &thread->coder.slots[thread->coder.last];
        if (tr_moves_epoch(tr_slot_kind(slot), tr_slot_mode(slot)))
            thread->epoch += ev->a0;
    }
    encode(writer, thread, &copy);
    if (tr_is_deferred(ev))
        writer->header.flags |= TR_HAS_DEFERRED;
    else if (tr_moves_epoch(ev->kind, ev->mode))
        thread->epoch++;
}

void tr_writer_reach(struct tr_writer *writer, uint32_t number, uint64_t time)
{
    struct tr_writer_thread *thread = thread_of(writer, number);
    stamp(writer, thread, time);
    if (!thread->open)
        open_chunk(thread);
}

void tr_writer_add(struct tr_writer *writer, const struct tr_event *ev)
{
    tr_writer_add_deferred(writer, ev->thread, ev);
}

uint64_t tr_writer_time(struct tr_writer *writer, uint32_t thread)
{
    return thread_of(writer, thread)->time;
}

uint64_t tr_writer_epoch(struct tr_writer *writer, uint32_t thread)
{
    return thread_of(writer, thread)->epoch;
}

void tr_writer_set_epoch(struct tr_writer *writer, uint32_t number, uint64_t epoch)
{
    struct tr_writer_thread *thread = thread_of(writer, number);
    if (thread->epoch == epoch)
        return;
    close_chunk(thread);
    thread->epoch = epoch;
}

/* Copies the chunks of THREAD to AT, which is byte OFFSET of the file. */
static void place_chunks(const struct tr_writer_thread *thread, uint8_t *at, uint64_t offset)
{
    memcpy(at, thread->bytes.at, thread->bytes.count);
    for (size_t done = 0; done < thread->bytes.count;) {
        struct tr_chunk chunk;
        memcpy(&chunk, at + done, sizeof chunk);
        chunk.offset = offset + done;
        memcpy(at + done, &chunk, sizeof chunk);
        done += chunk.size;
    }
}

void tr_writer_finish(struct tr_writer *writer, uint8_t **bytes, size_t *size)
{
    size_t end = TR_HEADER_SIZE;
    for (size_t i = 0; i < writer->threads.count; i++) {
        struct tr_writer_thread *thread = writer->threads.at[i];
        close_chunk(thread);
        end += thread->bytes.count;
        if (thread->number >= writer->header.threads)
            writer->header.threads = thread->number + 1;
    }
    writer->header.end = end;
    *bytes = sn_calloc(1, end);
    *size = end;
    memcpy(*bytes, &writer->header, sizeof writer->header);
    size_t offset = TR_HEADER_SIZE;
    for (size_t i = 0; i < writer->threads.count; i++) {
        struct tr_writer_thread *thread = writer->threads.at[i];
        if (thread->bytes.count)
            place_chunks(thread, *bytes + offset, offset);
        offset += thread->bytes.count;
    }
}

void tr_writer_release(struct tr_writer *writer)
{
    for (size_t i = 0; i < writer->threads.count; i++) {
        struct tr_writer_thread *thread = writer->threads.at[i];
        vec_release(&thread->bytes);
        vec_release(&thread->stacks);
        sn_map_release(&thread->stack_of);
        sn_arena_release(&thread->arena);
        free(thread);
    }
    vec_release(&writer->threads);
    sn_map_release(&writer->thread_of);
}
