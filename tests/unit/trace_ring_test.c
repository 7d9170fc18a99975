/* SPDX-License-Identifier: Apache-2.0 */
/* Traces whose beginning was given up for newer events, and copies of traces that went on. */
#include "tests/unit/trace_test.h"

#include "trace/live.h"

#include <stdio.h>
#include <unistd.h>

enum { CHUNK = 8192, ROUNDS = 20000, LOCK = 0x10 };

/* The same with each chunk in a place of CHUNK bytes: a thread's last one may be shorter. */
static struct trace in_places(const struct trace *packed)
{
    struct trace ring = {calloc(2, packed->size), TR_HEADER_SIZE};
    memcpy(ring.bytes, packed->bytes, TR_HEADER_SIZE);
    for (size_t at = TR_HEADER_SIZE; at < packed->size; ring.size += CHUNK) {
        struct tr_chunk chunk;
        memcpy(&chunk, packed->bytes + at, sizeof chunk);
        memcpy(ring.bytes + ring.size, packed->bytes + at, chunk.size);
        at += chunk.size;
        chunk.offset = ring.size;
        chunk.size = CHUNK;
        memcpy(ring.bytes + ring.size, &chunk, sizeof chunk);
    }
    ((struct tr_header *)(void *)ring.bytes)->end = ring.size;
    return ring;
}

/* Two threads in turn take and give back one lock, in chunks of one size. */
static struct trace ring_make(void)
{
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = CHUNK;
    for (uint64_t i = 0; i < ROUNDS; i++)
        for (unsigned k = 0; k < 2; k++)
            tr_writer_add(&writer, &(struct tr_event){.kind = k ? TR_RELEASE : TR_ACQUIRE,
                                                      .thread = i % 2,
                                                      .mode = (uint32_t)(i % 7) << 4,
                                                      .object = LOCK,
                                                      .version = 2 * i + k + 1,
                                                      .time = 10 * i + 5 * k + 1});
    writer.header.ring_size = 1 << 20;
    writer.header.ring_chunk = CHUNK;
    struct trace packed = trace_finish(&writer);
    struct trace ring = in_places(&packed);
    trace_free(&packed);
    return ring;
}

static struct tr_header *header_of(const struct trace *trace)
{
    return (struct tr_header *)(void *)trace->bytes;
}

/* The chunk of THREAD with that NUMBER, or NULL. */
static struct tr_chunk *chunk_at(const struct trace *trace, uint32_t thread, uint32_t number)
{
    for (size_t at = TR_HEADER_SIZE; at + sizeof(struct tr_chunk) <= trace->size;) {
        struct tr_chunk *chunk = (struct tr_chunk *)(void *)(trace->bytes + at);
        if (chunk->magic == TR_CHUNK_MAGIC && chunk->thread == thread && chunk->number == number)
            return chunk;
        at += chunk->magic ? chunk->size : CHUNK;
    }
    return NULL;
}

/* Gives up that chunk, as the recorder does: up to the header, if HALF, and all of it else. */
static void give_up(const struct trace *trace, uint32_t thread, uint32_t number, bool half)
{
    struct tr_header *header = header_of(trace);
    struct tr_chunk *chunk = chunk_at(trace, thread, number);
    struct tr_chunk *next = chunk_at(trace, thread, number + 1);
    assert_non_null(chunk);
    assert_non_null(next);
    assert_int_equal(chunk->size, CHUNK);
    if (next->time > header->ring_time)
        header->ring_time = next->time;
    header->ring_lost++;
    if (half) {
        chunk->magic = 0;
        memset((uint8_t *)chunk + TR_CHUNK_ALIGN, 0xff, TR_CHUNK_ALIGN);
    } else {
        memset(chunk, 0, CHUNK);
    }
}

struct read {
    uint64_t count, first, last; /* versions */
    uint64_t gaps;               /* how many */
    uint64_t damage;
};

static struct read read_all(const struct trace *trace)
{
    struct read read = {0};
    struct tr_reader *reader = trace_open(trace);
    struct tr_event ev;
    struct sn_error err;
    while (tr_reader_next(reader, &ev, &err) > 0) {
        if (!read.count++)
            read.first = ev.version;
        else
            read.gaps += ev.version != read.last + 1;
        assert_true(ev.version > read.last); /* whatever is missing */
        read.last = ev.version;
    }
    read.damage = tr_reader_damage(reader)->places;
    tr_reader_close(reader);
    return read;
}

static void a_missing_beginning_is_no_damage(void **state)
{
    (void)state;
    struct trace trace = ring_make();
    assert_non_null(chunk_at(&trace, 0, 4)); /* there are enough of them */
    give_up(&trace, 0, 0, false);
    give_up(&trace, 1, 0, false);
    give_up(&trace, 0, 1, false);
    struct read read = read_all(&trace);
    assert_int_equal(read.damage, 0);
    assert_true(read.first > 1);
    assert_true(read.gaps > 0); /* thread 1 has come less far */
    assert_int_equal(read.last, 2 * ROUNDS);
    trace_free(&trace);
}

static void what_is_half_given_up_is_gone(void **state)
{
    (void)state;
    struct trace whole = ring_make(), half = ring_make();
    for (uint32_t thread = 0; thread < 2; thread++) {
        give_up(&whole, thread, 0, false);
        give_up(&half, thread, 0,
                thread == 0); /* behind it the places of this trace are not equal */
    }
    struct read expected = read_all(&whole), read = read_all(&half);
    assert_int_equal(read.damage, 0);
    assert_memory_equal(&read, &expected, sizeof read);
    trace_free(&whole);
    trace_free(&half);
}

/* A kill in the moment in which two threads take places. */
static void what_is_older_than_a_loss_is_gone(void **state)
{
    (void)state;
    struct trace hole = ring_make(), clean = ring_make();
    for (uint32_t number = 1; number < 4; number++)
        give_up(&clean, 1, number - 1, false);
    give_up(&hole, 1, 0, false);
    give_up(&hole, 1, 2, false);
    struct read expected = read_all(&clean), read = read_all(&hole);
    assert_int_equal(read.damage, 0);
    assert_memory_equal(&read, &expected, sizeof read);
    trace_free(&hole);
    trace_free(&clean);
}

static void elsewhere_a_missing_chunk_is_damage(void **state)
{
    (void)state;
    struct trace trace = ring_make();
    give_up(&trace, 1, 1, false);
    header_of(&trace)->ring_lost = 0;
    struct tr_reader *reader = trace_open(&trace);
    assert_true(tr_reader_damage(reader)->places > 0);
    tr_reader_close(reader);
    trace_free(&trace);
}

/* All chunks are settled up to their middle; the last one of thread 1 was copied too early. */
static void a_snapshot_ends_where_something_is_missing(void **state)
{
    (void)state;
    struct trace trace = ring_make();
    header_of(&trace)->flags |= TR_IS_SNAPSHOT;
    uint32_t last = 0;
    for (uint32_t thread = 0; thread < 2; thread++)
        for (uint32_t n = 0; chunk_at(&trace, thread, n); n++) {
            last = n;
            chunk_at(&trace, thread, n)->settled = CHUNK;
        }
    struct tr_chunk *cut = chunk_at(&trace, 1, last);
    chunk_at(&trace, 0, last)->settled = sizeof *cut;
    memset(cut + 1, 0, cut->size - sizeof *cut);
    struct read read = read_all(&trace);
    assert_int_equal(read.damage, 0);
    assert_int_equal(read.first, 1);
    assert_int_equal(read.gaps, 0);
    assert_true(read.last < 2 * ROUNDS);
    trace_free(&trace);
}

static void write_file(const char *path, const struct trace *trace)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(trace->bytes, 1, trace->size, file), trace->size);
    fclose(file);
}

static struct trace read_file(const char *path)
{
    struct trace trace = {.bytes = malloc(1 << 20)};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    trace.size = fread(trace.bytes, 1, 1 << 20, file);
    fclose(file);
    return trace;
}

static void a_copy_at_rest_is_the_same(void **state)
{
    (void)state;
    char from[] = "/tmp/trace-ring-test.XXXXXX", to[64];
    int fd = mkstemp(from);
    assert_true(fd >= 0);
    close(fd);
    snprintf(to, sizeof to, "%s.copy", from);
    struct trace trace = ring_make();
    give_up(&trace, 0, 0, false);
    write_file(from, &trace);
    struct sn_error err = {0};
    assert_int_equal(tr_live_copy(from, to, TR_HAS_HUNG, &err), 0);
    assert_int_equal(tr_live_copy(from, to, 0, &err), SN_E_SYSTEM); /* it is there */
    struct trace copy = read_file(to);
    assert_int_equal(header_of(&copy)->flags, TR_IS_SNAPSHOT | TR_HAS_HUNG);
    struct read expected = read_all(&trace), read = read_all(&copy);
    assert_memory_equal(&read, &expected, sizeof read);
    unlink(from);
    unlink(to);
    trace_free(&trace);
    trace_free(&copy);
}

static void a_live_trace_says_where_its_threads_are(void **state)
{
    (void)state;
    struct trace trace = trace_of("T0 thread_start 0x100 tid=77\n"
                                  "T0 acquire mutex 0x10\n"
                                  "T1 thread_start 0x200 parent=T0 tid=78\n"
                                  "T1 request mutex 0x10 holder=T0\n"
                                  "T1 handler_begin number=10\n"
                                  "T1 acquire mutex 0x20\n"
                                  "T1 handler_end number=10\n");
    char path[] = "/tmp/trace-ring-test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, &trace);
    struct tr_live live;
    struct sn_error err = {0};
    assert_int_equal(tr_live_open(&live, path, &err), 0);
    assert_int_equal(live.tails.count, 2);
    assert_int_equal(live.tails.at[0].tid, 77);
    assert_int_equal(live.tails.at[0].kind, TR_ACQUIRE);
    assert_int_equal(live.tails.at[1].tid, 78);
    assert_int_equal(live.tails.at[1].kind, TR_REQUEST); /* the handler is over */
    assert_int_equal(live.tails.at[1].object, 0x10);
    assert_int_equal(live.tails.at[1].a0, 0);
    tr_live_close(&live);
    unlink(path);
    trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_beginning_is_no_damage),
        cmocka_unit_test(what_is_half_given_up_is_gone),
        cmocka_unit_test(what_is_older_than_a_loss_is_gone),
        cmocka_unit_test(elsewhere_a_missing_chunk_is_damage),
        cmocka_unit_test(a_snapshot_ends_where_something_is_missing),
        cmocka_unit_test(a_copy_at_rest_is_the_same),
        cmocka_unit_test(a_live_trace_says_where_its_threads_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
