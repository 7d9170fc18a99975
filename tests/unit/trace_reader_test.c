/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader makes of a file: headers, chunks, stacks, modules, epochs, deferred accesses. */
#include "tests/unit/trace_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct tr_event next(struct tr_reader *reader)
{
    struct tr_event ev = {0};
    struct sn_error err;
    assert_int_equal(tr_reader_next(reader, &ev, &err), 1);
    return ev;
}

static void check_end(struct tr_reader *reader, struct trace *trace)
{
    struct tr_event ev;
    struct sn_error err;
    assert_int_equal(tr_reader_next(reader, &ev, &err), 0);
    assert_int_equal(tr_reader_next(reader, &ev, &err), 0);
    assert_true(tr_reader_progress(reader) == 1.0);
    tr_reader_close(reader);
    trace_free(trace);
}

static uint64_t count_events(const struct trace *trace, struct tr_damage *damage)
{
    struct tr_reader *reader = trace_open(trace);
    struct tr_event ev;
    struct sn_error err;
    uint64_t count = 0;
    while (tr_reader_next(reader, &ev, &err) > 0)
        count++;
    *damage = *tr_reader_damage(reader);
    tr_reader_close(reader);
    return count;
}

/* Opening. ------------------------------------------------------------------------------------ */

static int open_bytes(const void *bytes, size_t size, struct sn_error *err)
{
    struct tr_reader *reader;
    int code = tr_reader_open_memory(&reader, bytes, size, err);
    tr_reader_close(reader);
    return code;
}

static void what_is_no_trace_is_refused(void **state)
{
    (void)state;
    struct sn_error err;
    assert_int_equal(open_bytes("", 0, &err), SN_E_EMPTY);
    assert_int_equal(open_bytes("x", 1, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 1);
    char page[TR_HEADER_SIZE] = "#!/bin/sh";
    assert_int_equal(open_bytes(page, sizeof page, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 0);
    struct tr_header header = {.magic = TR_MAGIC, .version = 2};
    memcpy(page, &header, sizeof header);
    assert_int_equal(open_bytes(page, sizeof page, &err), SN_E_VERSION);
    assert_int_equal(err.offset, offsetof(struct tr_header, version));
    assert_int_equal(open_bytes(page, 100, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 100);
}

static void files_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    struct tr_reader *reader;
    struct sn_error err;
    assert_int_equal(tr_reader_open(&reader, "/nonexistent/trace", &err), SN_E_SYSTEM);
    assert_string_equal(err.path, "/nonexistent/trace");
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(tr_reader_open(&reader, "/", &err), SN_E_FORMAT);
    assert_int_equal(tr_reader_open(&reader, "/dev/null", &err), SN_E_FORMAT);
    char path[] = "/tmp/trace_reader_test.XXXXXX";
    close(mkstemp(path));
    assert_int_equal(tr_reader_open(&reader, path, &err), SN_E_EMPTY);
    unlink(path);
}

static void a_file_reads_like_its_bytes(void **state)
{
    (void)state;
    struct trace trace = trace_of("T0 acquire mutex 0x10\nT0 release mutex 0x10\n");
    char path[] = "/tmp/trace_reader_test.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, trace.bytes, trace.size), trace.size);
    close(fd);
    struct tr_reader *reader;
    struct sn_error err;
    assert_int_equal(tr_reader_open(&reader, path, &err), 0);
    unlink(path);
    assert_string_equal(tr_reader_path(reader), path);
    assert_int_equal(next(reader).kind, TR_ACQUIRE);
    assert_int_equal(next(reader).kind, TR_RELEASE);
    check_end(reader, &trace);
}

/* Chunks of several windows, and events that are longer than one. */
static struct trace long_trace(void)
{
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = 400000;
    uint8_t *bytes = malloc(100000);
    memset(bytes, 'x', 100000);
    for (uint64_t i = 1, seed = 0; i <= 100000; i++) {
        bool name = i % 5000 == 0;
        uint64_t pcs[2] = {0x401000 + i % 300, 0x402000};
        uint32_t thread = (uint32_t)(i % 3);
        tr_writer_add(&writer, &(struct tr_event){.kind = name ? TR_THREAD_NAME : TR_WRITE,
                                                  .mode = name ? 0 : 3,
                                                  .thread = thread,
                                                  .stack = tr_writer_stack(&writer, thread, pcs, 2),
                                                  .object = trace_random(&seed) & 0xfffff8,
                                                  .a0 = name ? thread : 0,
                                                  .bytes = bytes,
                                                  .bytes_length = name ? (uint32_t)i : 0,
                                                  .time = i});
    }
    free(bytes);
    return trace_finish(&writer);
}

static struct tr_reader *open_as_file(const struct trace *trace, int *fd)
{
    char path[] = "/tmp/trace_reader_test.XXXXXX";
    *fd = mkstemp(path);
    assert_int_equal(write(*fd, trace->bytes, trace->size), trace->size);
    struct tr_reader *reader;
    struct sn_error err;
    assert_int_equal(tr_reader_open(&reader, path, &err), 0);
    unlink(path);
    return reader;
}

static void a_file_is_read_through_windows(void **state)
{
    (void)state;
    struct trace trace = long_trace();
    int fd;
    struct tr_reader *reader = open_as_file(&trace, &fd);
    char *wanted = trace_dump(&trace);
    for (int look = 0; look < 2; look++) {
        if (look)
            tr_reader_rewind(reader);
        struct sn_text out = {0};
        struct tr_event ev;
        struct sn_error err;
        while (tr_reader_next(reader, &ev, &err) > 0)
            tr_text_event(&out, reader, &ev);
        assert_string_equal(out.at, wanted);
        sn_text_release(&out);
    }
    free(wanted);
    close(fd);
    check_end(reader, &trace);
}

static void a_file_may_shrink_while_it_is_read(void **state)
{
    (void)state;
    struct trace trace = long_trace();
    int fd;
    struct tr_reader *reader = open_as_file(&trace, &fd);
    struct tr_event ev;
    struct sn_error err;
    uint64_t before = 0, behind = 0;
    for (; before < 30000; before++)
        assert_int_equal(tr_reader_next(reader, &ev, &err), 1);
    assert_int_equal(ftruncate(fd, (off_t)trace.size / 2), 0);
    while (tr_reader_next(reader, &ev, &err) > 0)
        behind++;
    assert_true(behind > 0 && before + behind < 100000);
    assert_true(tr_reader_damage(reader)->places > 0);
    assert_string_equal(tr_reader_damage(reader)->first_reason,
                        "the file cannot be read from here on");
    tr_reader_close(reader);
    close(fd);
    trace_free(&trace);
}

static void nanoseconds_follow_the_clock(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.header.start_tsc = 1000;
    writer.header.tsc_hz = 3000000000;
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    assert_true(tr_reader_nanoseconds(reader, 1000) == 0);
    assert_true(tr_reader_nanoseconds(reader, 10) == 0);
    assert_true(tr_reader_nanoseconds(reader, 1000 + 3000000000) == 1000000000);
    assert_true(tr_reader_nanoseconds(reader, UINT64_MAX) == 6148914691236516871u);
    check_end(reader, &trace);
    tr_writer_init(&writer);
    trace = trace_finish(&writer);
    reader = trace_open(&trace);
    assert_true(tr_reader_nanoseconds(reader, 5000) == 0);
    check_end(reader, &trace);
}

/* Chunks. ------------------------------------------------------------------------------------- */

/* COUNT events of one thread, in many small chunks. */
static struct trace many_chunks(unsigned count)
{
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = 512;
    for (unsigned i = 0; i < count; i++)
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_EXEC,
                                                  .bytes = (const uint8_t *)"0123456789abcdef",
                                                  .bytes_length = 16,
                                                  .time = i + 1});
    return trace_finish(&writer);
}

static struct trace moved(const struct trace *trace, size_t at, size_t room)
{
    struct trace result = {calloc(1, trace->size + room), trace->size + room};
    memcpy(result.bytes, trace->bytes, at);
    memcpy(result.bytes + at + room, trace->bytes + at, trace->size - at);
    for (size_t offset = at + room; offset < result.size; offset += TR_CHUNK_ALIGN) {
        struct tr_chunk *chunk = (struct tr_chunk *)(result.bytes + offset);
        if (chunk->magic == TR_CHUNK_MAGIC)
            chunk->offset = offset;
    }
    ((struct tr_header *)result.bytes)->end = result.size;
    return result;
}

static void places_that_were_never_begun_are_passed_over(void **state)
{
    (void)state;
    struct trace trace = many_chunks(100);
    struct trace hole = moved(&trace, TR_HEADER_SIZE + TR_CHUNK_ALIGN, 3 * TR_CHUNK_ALIGN);
    struct tr_damage damage;
    assert_int_equal(count_events(&hole, &damage), 100);
    assert_int_equal(damage.places, 0);
    /* Half begun: the magic is what a writer stores last. */
    struct tr_chunk *half = (struct tr_chunk *)(hole.bytes + TR_HEADER_SIZE + TR_CHUNK_ALIGN);
    half->size = TR_CHUNK_ALIGN;
    half->offset = TR_HEADER_SIZE + TR_CHUNK_ALIGN;
    assert_int_equal(count_events(&hole, &damage), 100);
    assert_int_equal(damage.places, 0);
    trace_free(&hole);
    trace_free(&trace);
}

static void garbage_costs_only_itself(void **state)
{
    (void)state;
    struct trace trace = many_chunks(100);
    size_t place = TR_HEADER_SIZE + 2 * TR_CHUNK_ALIGN;
    struct trace bad = moved(&trace, place, 2 * TR_CHUNK_ALIGN);
    memset(bad.bytes + place, 0xa5, 2 * TR_CHUNK_ALIGN);
    /* A good chunk at another place than it says is garbage too. */
    memcpy(bad.bytes + place, bad.bytes + TR_HEADER_SIZE, TR_CHUNK_ALIGN);
    struct tr_damage damage;
    assert_int_equal(count_events(&bad, &damage), 100);
    assert_int_equal(damage.places, 1);
    assert_int_equal(damage.first_offset, place);
    assert_false(damage.cut);
    trace_free(&bad);
    trace_free(&trace);
}

static void a_long_tail_of_zeros_is_no_damage(void **state)
{
    (void)state;
    struct trace trace = many_chunks(100);
    struct trace tail = {calloc(1, trace.size + 123456), trace.size + 123456};
    memcpy(tail.bytes, trace.bytes, trace.size);
    struct tr_damage damage;
    assert_int_equal(count_events(&tail, &damage), 100);
    assert_int_equal(damage.places, 0);
    ((struct tr_header *)tail.bytes)->end = TR_HEADER_SIZE; /* stale */
    assert_int_equal(count_events(&tail, &damage), 100);
    assert_int_equal(damage.places, 0);
    trace_free(&tail);
    trace_free(&trace);
}

static void a_missing_chunk_is_told(void **state)
{
    (void)state;
    struct trace trace = many_chunks(100);
    size_t place = TR_HEADER_SIZE + TR_CHUNK_ALIGN;
    memset(trace.bytes + place, 0, TR_CHUNK_ALIGN);
    struct tr_damage damage;
    uint64_t count = count_events(&trace, &damage);
    assert_in_range(count, 50, 99);
    assert_int_equal(damage.places, 1);
    assert_int_equal(damage.first_offset, place + TR_CHUNK_ALIGN);
    assert_string_equal(damage.first_reason, "chunk 2 of thread 0, not 1");
    trace_free(&trace);
}

static void chunks_come_by_number(void **state)
{
    (void)state;
    struct trace trace = many_chunks(100);
    /* Swap the first two. */
    uint8_t first[TR_CHUNK_ALIGN], *a = trace.bytes + TR_HEADER_SIZE, *b = a + TR_CHUNK_ALIGN;
    memcpy(first, a, sizeof first);
    memcpy(a, b, sizeof first);
    memcpy(b, first, sizeof first);
    ((struct tr_chunk *)a)->offset = TR_HEADER_SIZE;
    ((struct tr_chunk *)b)->offset = TR_HEADER_SIZE + TR_CHUNK_ALIGN;
    struct tr_reader *reader = trace_open(&trace);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(next(reader).time, i + 1);
    assert_int_equal(tr_reader_damage(reader)->places, 0);
    check_end(reader, &trace);
}

static void a_zero_in_the_middle_is_told(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    for (unsigned i = 0; i < 1000; i++)
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_FORK, .a0 = 1000000 + i});
    struct trace trace = trace_finish(&writer);
    struct tr_damage damage;
    assert_int_equal(count_events(&trace, &damage), 1000);
    assert_int_equal(damage.places, 0);
    size_t first = TR_HEADER_SIZE + sizeof(struct tr_chunk);
    trace.bytes[first + 5 * 20] = 0; /* the 21st: each takes kind, stack and three bytes */
    assert_int_equal(count_events(&trace, &damage), 20);
    assert_int_equal(damage.places, 1);
    assert_int_equal(damage.first_offset, first + 5 * 20);
    trace_free(&trace);
}

/* Stacks, modules, arguments. ------------------------------------------------------------------ */

static void equal_stacks_have_one_number(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = 256;
    uint64_t pcs[] = {0x7fff12345678, 0x401000, 0xffffffffffffffff};
    uint64_t unused[] = {1, 2, 3};
    tr_writer_stack(&writer, 1, unused, 3);
    uint32_t in_one = tr_writer_stack(&writer, 1, pcs, 3);
    uint32_t in_two = tr_writer_stack(&writer, 2, pcs, 3);
    assert_int_equal(tr_writer_stack(&writer, 1, pcs, 3), in_one);
    assert_int_not_equal(tr_writer_stack(&writer, 1, pcs, 2), in_one);
    assert_int_not_equal(in_one, in_two);
    for (int i = 0; i < 100; i++) { /* they outlive their chunk */
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_FENCE, .thread = 1, .stack = in_one});
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_FENCE, .thread = 2, .stack = in_two});
    }
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_FENCE, .thread = 1});
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    for (int i = 0; i < 200; i++) {
        struct tr_event ev = next(reader);
        if (!ev.stack) {
            assert_int_equal(ev.thread, 1);
            ev = next(reader);
        }
        assert_int_equal(ev.stack, 1); /* numbered by first use */
        struct tr_stack stack = tr_reader_stack(reader, ev.stack);
        assert_int_equal(stack.count, 3);
        assert_memory_equal(stack.pcs, pcs, sizeof pcs);
    }
    assert_int_equal(tr_reader_stack_count(reader), 1);
    assert_int_equal(tr_reader_stack(reader, 0).count, 0);
    assert_int_equal(tr_reader_stack(reader, 2).count, 0);
    check_end(reader, &trace);
}

static void an_unknown_stack_is_empty_and_counted_once(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    for (int i = 0; i < 10; i++)
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_FENCE, .stack = 17});
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    for (int i = 0; i < 10; i++)
        assert_int_equal(next(reader).stack, 0);
    assert_int_equal(tr_reader_damage(reader)->places, 1);
    check_end(reader, &trace);
}

static void modules_and_arguments_are_there_at_once(void **state)
{
    (void)state;
    struct trace trace =
        trace_of("T0 meta argument \"./prog\"\n"
                 "T0 module 0x7000 start=0x7000 end=0x9000 build_id=0badcafe \"/lib/libx.so.1\"\n"
                 "T0 meta argument \"-v\"\n"
                 "T1 module 0x0 start=0x1000 end=0x3000 \"/bin/prog\"\n"
                 "T1 coverage tsan 0x0 sites=100 covered=90 \"-O0\"\n"
                 "T0 module 0x20000 start=0x20000 end=0x21000 \"/old/libx.so.1\"\n");
    struct tr_reader *reader = trace_open(&trace);
    size_t count;
    char *const *arguments = tr_reader_arguments(reader, &count);
    assert_int_equal(count, 2);
    assert_string_equal(arguments[0], "./prog");
    assert_string_equal(arguments[1], "-v");
    const struct tr_module *modules = tr_reader_modules(reader, &count);
    assert_int_equal(count, 3);
    assert_string_equal(modules[0].path, "/bin/prog");
    assert_string_equal(modules[0].name, "prog");
    assert_int_equal(modules[0].access_source, TR_SOURCE_TSAN);
    assert_int_equal(modules[0].sites, 100);
    assert_int_equal(modules[0].covered, 90);
    assert_string_equal(modules[0].reason, "-O0");
    assert_null(modules[1].name); /* two files have that name */
    assert_int_equal(modules[1].build_id_length, 4);
    assert_memory_equal(modules[1].build_id, "\x0b\xad\xca\xfe", 4);
    assert_null(modules[1].reason);
    assert_ptr_equal(tr_reader_module_at(reader, 0x1000), &modules[0]);
    assert_ptr_equal(tr_reader_module_at(reader, 0x2fff), &modules[0]);
    assert_null(tr_reader_module_at(reader, 0x3000));
    assert_null(tr_reader_module_at(reader, 0));
    assert_ptr_equal(tr_reader_module_at(reader, 0x8000), &modules[1]);
    tr_reader_close(reader);
    trace_free(&trace);
}

/* Epochs, runs, deferred accesses. ------------------------------------------------------------- */

static void epochs_move_behind_what_moves_them(void **state)
{
    (void)state;
    struct trace trace = trace_of("T0 acquire mutex 0x10\n"
                                  "T0 write 4 0x20\n"
                                  "T0 atomic_store 4 0x40 relaxed\n"
                                  "T0 atomic_store 4 0x40 release\n"
                                  "T0 request mutex 0x10\n"
                                  "T0 fence e=77 seq_cst\n"
                                  "T0 write 4 0x20\n");
    struct tr_reader *reader = trace_open(&trace);
    static const uint64_t epochs[] = {0, 1, 1, 1, 2, 77, 78};
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++)
        assert_int_equal(next(reader).epoch, epochs[i]);
    check_end(reader, &trace);
}

static void a_run_is_told_one_by_one(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    struct tr_event write = {.kind = TR_WRITE, .mode = 2, .object = 0x1000};
    tr_writer_add(&writer, &write);
    write.object = 0x0ff8;
    tr_writer_add(&writer, &write); /* a stride of -8 */
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_RUN, .a0 = 3});
    struct tr_event acquire = {.kind = TR_ACQUIRE, .object = 0x10, .version = 1};
    tr_writer_add(&writer, &acquire);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_RUN, .a0 = 2});
    tr_writer_add(&writer, &write);
    assert_int_equal(tr_writer_epoch(&writer, 0), 3);
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    for (uint64_t object = 0x1000; object >= 0xfe0; object -= 8) {
        struct tr_event ev = next(reader);
        assert_int_equal(ev.object, object);
        assert_int_equal(ev.version, 0);
    }
    for (uint64_t version = 1; version <= 3; version++) {
        struct tr_event ev = next(reader);
        assert_int_equal(ev.kind, TR_ACQUIRE);
        assert_int_equal(ev.object, 0x10);
        assert_int_equal(ev.version, version);
        assert_int_equal(ev.epoch, version - 1);
    }
    struct tr_event last = next(reader);
    assert_int_equal(last.object, 0xff8);
    assert_int_equal(last.epoch, 3);
    check_end(reader, &trace);
}

static void add_deferred(struct tr_writer *writer, uint32_t teller, uint32_t thread, uint64_t epoch,
                         uint64_t object, uint32_t stack)
{
    tr_writer_add_deferred(writer, teller,
                           &(struct tr_event){.kind = TR_WRITE,
                                              .mode = 2 | TR_ACC_DEFERRED,
                                              .thread = thread,
                                              .epoch = epoch,
                                              .object = object,
                                              .stack = stack});
}

static void deferred_accesses_come_in_their_epoch(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    uint64_t pc = 0x1234;
    struct tr_event fence = {.kind = TR_FENCE, .thread = 1};
    tr_writer_add(&writer, &fence); /* ends epoch 0 */
    uint32_t stack = tr_writer_stack(&writer, 1, &pc, 1);
    tr_writer_add(&writer, &fence); /* ends epoch 1 */
    tr_writer_add(&writer, &fence); /* ends epoch 2 */
    add_deferred(&writer, 2, 1, 2, 0x200, 0);
    add_deferred(&writer, 0, 1, 1, 0x100, stack);
    add_deferred(&writer, 2, 1, 9, 0x900, 0); /* an epoch of which nothing is left */
    add_deferred(&writer, 2, 5, 1, 0x500, 0); /* a thread of which nothing is left */
    add_deferred(&writer, 2, 1, 0, 0x10, 0);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_RUN, .thread = 2, .a0 = 1});
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_TIMEOUT, .thread = 2});
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    assert_true(tr_reader_header(reader)->flags & TR_HAS_DEFERRED);
    static const struct {
        uint8_t kind;
        uint64_t object, epoch;
    } expected[] = {{TR_WRITE, 0x10, 0}, {TR_WRITE, 0x10 + 0x10 - 0x500, 0},
                    {TR_FENCE, 0, 0},    {TR_WRITE, 0x100, 1},
                    {TR_FENCE, 0, 1},    {TR_WRITE, 0x200, 2},
                    {TR_FENCE, 0, 2},    {TR_WRITE, 0x900, 9}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct tr_event ev = next(reader);
        assert_int_equal(ev.kind, expected[i].kind);
        assert_int_equal(ev.thread, 1);
        assert_true(ev.object == expected[i].object);
        assert_int_equal(ev.epoch, expected[i].epoch);
        if (ev.object == 0x100)
            assert_int_equal(tr_reader_stack(reader, ev.stack).pcs[0], pc);
    }
    assert_int_equal(next(reader).kind, TR_TIMEOUT);
    assert_int_equal(tr_reader_damage(reader)->places, 1);
    check_end(reader, &trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_trace_is_refused),
        cmocka_unit_test(files_that_cannot_be_read_are_told),
        cmocka_unit_test(a_file_reads_like_its_bytes),
        cmocka_unit_test(a_file_is_read_through_windows),
        cmocka_unit_test(a_file_may_shrink_while_it_is_read),
        cmocka_unit_test(nanoseconds_follow_the_clock),
        cmocka_unit_test(places_that_were_never_begun_are_passed_over),
        cmocka_unit_test(garbage_costs_only_itself),
        cmocka_unit_test(a_long_tail_of_zeros_is_no_damage),
        cmocka_unit_test(a_missing_chunk_is_told),
        cmocka_unit_test(chunks_come_by_number),
        cmocka_unit_test(a_zero_in_the_middle_is_told),
        cmocka_unit_test(equal_stacks_have_one_number),
        cmocka_unit_test(an_unknown_stack_is_empty_and_counted_once),
        cmocka_unit_test(modules_and_arguments_are_there_at_once),
        cmocka_unit_test(epochs_move_behind_what_moves_them),
        cmocka_unit_test(a_run_is_told_one_by_one),
        cmocka_unit_test(deferred_accesses_come_in_their_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
