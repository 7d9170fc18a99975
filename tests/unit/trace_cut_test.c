/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged files: cut at every byte, each byte changed, random bytes. Whatever is done to a file, it
 * reads to an end, and what precedes a cut is handed out.
 */
#include "tests/unit/trace_test.h"

/* A copy of just SIZE bytes, so that a sanitizer sees every byte too many. */
static struct trace copy_of(const uint8_t *bytes, size_t size)
{
    struct trace copy = {malloc(size ? size : 1), size};
    memcpy(copy.bytes, bytes, size);
    return copy;
}

static struct trace sample(void)
{
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = 700;
    uint64_t pcs[3] = {0x401000, 0x402000, 0x403000};
    for (uint64_t i = 1; i <= 60; i++) {
        uint32_t thread = (uint32_t)(i % 3);
        pcs[0] += i % 5;
        uint32_t stack = tr_writer_stack(&writer, thread, pcs, 3);
        tr_writer_add(&writer, &(struct tr_event){.kind = i % 2 ? TR_ACQUIRE : TR_RELEASE,
                                                  .thread = thread,
                                                  .stack = stack,
                                                  .object = 0x5000,
                                                  .version = i,
                                                  .time = i * 100});
        tr_writer_add(&writer,
                      &(struct tr_event){
                          .kind = TR_WRITE, .mode = 2, .thread = thread, .object = 0x6000 + i * 4});
        if (i % 10 == 0) {
            tr_writer_add(&writer, &(struct tr_event){.kind = TR_RUN, .thread = thread, .a0 = 2});
            tr_writer_add(&writer, &(struct tr_event){.kind = TR_THREAD_NAME,
                                                      .thread = thread,
                                                      .a0 = thread,
                                                      .bytes = (const uint8_t *)"worker",
                                                      .bytes_length = 6});
        }
    }
    return trace_finish(&writer);
}

/* Reads to the end. Counts the events by thread into PER_THREAD (three of them; may be NULL). */
static uint64_t read_all(struct tr_reader *reader, uint64_t *per_thread)
{
    struct sn_text out = {0};
    struct tr_event ev;
    struct sn_error err;
    uint64_t count = 0;
    while (count < 1u << 20 && tr_reader_next(reader, &ev, &err) > 0) {
        count++;
        sn_text_clear(&out);
        if (!per_thread) /* so that every field is looked at */
            tr_text_event(&out, reader, &ev);
        assert_int_equal(ev.index, count);
        if (per_thread && ev.thread < 3)
            per_thread[ev.thread]++;
    }
    sn_text_release(&out);
    return count;
}

/* How many events of each thread lie wholly before byte CUT. */
static void count_before(const struct trace *whole, size_t cut, uint64_t per_thread[3])
{
    memset(per_thread, 0, 3 * sizeof *per_thread);
    for (size_t place = TR_HEADER_SIZE; place + sizeof(struct tr_chunk) <= cut;) {
        const struct tr_chunk *chunk = (const struct tr_chunk *)(whole->bytes + place);
        const uint8_t *at = (const uint8_t *)(chunk + 1);
        const uint8_t *end = whole->bytes + (place + chunk->size < cut ? place + chunk->size : cut);
        struct tr_coder *coder = calloc(1, sizeof *coder);
        struct tr_event ev;
        while ((at = tr_decode(coder, at, end, &ev)))
            per_thread[chunk->thread] += ev.kind == TR_RUN ? ev.a0 : ev.kind > TR_RUN;
        free(coder);
        place += chunk->size;
    }
}

/* Deep in the padding one cut is like the next. */
static bool is_dull(const struct trace *whole, size_t at)
{
    static const uint8_t zeros[64];
    return at % 61 && at >= sizeof zeros && at < whole->size && !whole->bytes[at] &&
           memcmp(whole->bytes + at - sizeof zeros, zeros, sizeof zeros) == 0;
}

static void what_precedes_a_cut_is_read(void **state)
{
    (void)state;
    struct trace whole = sample();
    for (size_t cut = 0; cut <= whole.size; cut++) {
        if (is_dull(&whole, cut))
            continue;
        struct trace copy = copy_of(whole.bytes, cut);
        struct tr_reader *reader;
        struct sn_error err;
        int code = tr_reader_open_memory(&reader, copy.bytes, copy.size, &err);
        if (cut < sizeof(struct tr_header)) {
            assert_int_equal(code, cut ? SN_E_FORMAT : SN_E_EMPTY);
            assert_int_equal(err.offset, cut);
        } else {
            assert_int_equal(code, 0);
            uint64_t expected[3], seen[3] = {0};
            count_before(&whole, cut, expected);
            read_all(reader, seen);
            assert_memory_equal(seen, expected, sizeof seen);
            const struct tr_damage *damage = tr_reader_damage(reader);
            assert_int_equal(damage->cut, cut < whole.size);
            if (damage->cut) {
                assert_int_equal(damage->places > 0, true);
                assert_in_range(damage->first_offset, 0, cut);
                assert_non_null(strstr(damage->first_reason, "the file ends"));
            }
            tr_reader_close(reader);
        }
        trace_free(&copy);
    }
    trace_free(&whole);
}

static void check_reads(const uint8_t *bytes, size_t size)
{
    struct trace copy = copy_of(bytes, size);
    struct tr_reader *reader;
    struct sn_error err = {0};
    if (tr_reader_open_memory(&reader, copy.bytes, copy.size, &err) == 0) {
        read_all(reader, NULL);
        tr_reader_close(reader);
    } else {
        assert_true(err.text[0] != 0);
    }
    trace_free(&copy);
}

static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    struct trace whole = sample();
    uint64_t seed = 1;
    for (size_t at = 0; at < whole.size; at++) {
        if (is_dull(&whole, at))
            continue;
        uint8_t old = whole.bytes[at];
        whole.bytes[at] = (uint8_t)(old + 1 + trace_random(&seed) % 255);
        check_reads(whole.bytes, whole.size);
        whole.bytes[at] = old;
    }
    trace_free(&whole);
}

static void a_wrong_byte_among_events_is_seen(void **state)
{
    (void)state;
    /* Not every wrong value can be told from a right one; an impossible kind can, anywhere. */
    struct trace whole = sample();
    struct tr_reader *reader = trace_open(&whole);
    struct tr_event ev;
    struct sn_error err;
    VEC(uint64_t) offsets = {0};
    while (tr_reader_next(reader, &ev, &err) > 0)
        *vec_push(&offsets) = ev.offset;
    tr_reader_close(reader);
    vec_each (uint64_t, offset, &offsets) {
        uint8_t old = whole.bytes[*offset];
        whole.bytes[*offset] = 0x7f;
        reader = trace_open(&whole);
        uint64_t count = read_all(reader, NULL);
        assert_in_range(count, 0, offsets.count - 1);
        assert_int_equal(tr_reader_damage(reader)->places, 1);
        assert_int_equal(tr_reader_damage(reader)->first_offset, *offset);
        tr_reader_close(reader);
        whole.bytes[*offset] = old;
    }
    vec_release(&offsets);
    trace_free(&whole);
}

static void random_bytes_read_to_an_end(void **state)
{
    (void)state;
    enum { SIZE = TR_HEADER_SIZE + 5 * TR_CHUNK_ALIGN };
    uint8_t *bytes = calloc(1, SIZE);
    uint64_t seed = 99;
    for (int round = 0; round < 600; round++) {
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = (uint8_t)trace_random(&seed);
        if (round % 2) { /* a good header and good chunk headers around random events */
            struct tr_header header = {.magic = TR_MAGIC, .version = 1, .counter_bits = 16};
            memcpy(bytes, &header, sizeof header);
            for (size_t at = TR_HEADER_SIZE; at < SIZE; at += TR_CHUNK_ALIGN) {
                struct tr_chunk chunk = {.magic = TR_CHUNK_MAGIC,
                                         .offset = at,
                                         .size = TR_CHUNK_ALIGN << trace_random(&seed) % 2,
                                         .thread = (uint32_t)(trace_random(&seed) % 3)};
                memcpy(bytes + at, &chunk, sizeof chunk);
                for (size_t i = sizeof chunk; i < TR_CHUNK_ALIGN; i++)
                    if (bytes[at + i] % 3) /* small values make sense more often */
                        bytes[at + i] &= 0x1f;
            }
        }
        check_reads(bytes, SIZE);
    }
    memset(bytes, 0, SIZE);
    check_reads(bytes, SIZE);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_precedes_a_cut_is_read),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(a_wrong_byte_among_events_is_seen),
        cmocka_unit_test(random_bytes_read_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
