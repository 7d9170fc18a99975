/* SPDX-License-Identifier: Apache-2.0 */
/* From which event on something may be missing: by the header, by an event, by damage. */
#include "tests/unit/trace_test.h"

enum { EVENTS = 100 };

/* One thread's events at the times 1, 2, 3 ... in small chunks; the one at LOST is a LOST. */
static struct trace make(uint64_t lost, uint32_t why)
{
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.chunk_size = 512;
    for (uint64_t time = 1; time <= EVENTS; time++)
        tr_writer_add(&writer, &(struct tr_event){.kind = time == lost ? TR_LOST : TR_EXEC,
                                                  .mode = time == lost ? why : 0,
                                                  .bytes = (const uint8_t *)"0123456789abcdef",
                                                  .bytes_length = time == lost ? 0 : 16,
                                                  .time = time});
    return trace_finish(&writer);
}

static struct tr_header *header_of(const struct trace *trace)
{
    return (struct tr_header *)(void *)trace->bytes;
}

/* The time of the first event that is unsure, and all behind it must be; 0 if none is. */
static uint64_t first_unsure(const struct trace *trace)
{
    struct tr_reader *reader = trace_open(trace);
    struct tr_event ev;
    struct sn_error err;
    uint64_t first = 0;
    while (tr_reader_next(reader, &ev, &err) > 0) {
        if (ev.unsure && !first)
            first = ev.time;
        assert_int_equal(ev.unsure, first != 0);
    }
    assert_int_equal(tr_reader_lost(reader), first != 0);
    tr_reader_close(reader);
    return first;
}

static void without_losses_all_is_sure(void **state)
{
    (void)state;
    struct trace trace = make(0, 0);
    assert_int_equal(first_unsure(&trace), 0);
    header_of(&trace)->lost[TR_LOSS_NO_STACK] = 5; /* the events are there */
    assert_int_equal(first_unsure(&trace), 0);
    trace_free(&trace);
}

static void the_header_says_when(void **state)
{
    (void)state;
    struct trace trace = make(0, 0);
    header_of(&trace)->loss_time = 50; /* what the stamp 49 stands before may be later */
    assert_int_equal(first_unsure(&trace), 49);
    header_of(&trace)->loss_time = EVENTS + 50;
    assert_int_equal(first_unsure(&trace), EVENTS);
    trace_free(&trace);
}

static void a_loss_without_a_time_is_one_from_the_start(void **state)
{
    (void)state;
    struct trace trace = make(0, 0);
    header_of(&trace)->lost[TR_LOSS_REENTRY] = 1;
    assert_int_equal(first_unsure(&trace), 1);
    header_of(&trace)->lost[TR_LOSS_REENTRY] = 0;
    header_of(&trace)->state = TR_STATE_OFF;
    assert_int_equal(first_unsure(&trace), 1);
    trace_free(&trace);
}

static void an_event_tells_a_loss(void **state)
{
    (void)state;
    struct trace trace = make(30, TR_LOSS_NO_MEMORY);
    assert_int_equal(first_unsure(&trace), 29);
    trace_free(&trace);
    trace = make(30, TR_LOSS_NO_STACK);
    assert_int_equal(first_unsure(&trace), 0);
    trace_free(&trace);
}

static uint64_t begin_of_chunk(const struct trace *trace, unsigned number)
{
    const struct tr_chunk *chunk =
        (const void *)(trace->bytes + TR_HEADER_SIZE + (size_t)number * TR_CHUNK_ALIGN);
    assert_true(chunk->magic == TR_CHUNK_MAGIC);
    return chunk->time;
}

static void behind_damage_nothing_is_sure(void **state)
{
    (void)state;
    struct trace trace = make(0, 0);
    uint64_t third = begin_of_chunk(&trace, 2);
    memset(trace.bytes + TR_HEADER_SIZE + 2 * TR_CHUNK_ALIGN, 0, TR_CHUNK_ALIGN);
    assert_in_range(first_unsure(&trace), third - 2, third - 1);
    trace_free(&trace);

    trace = make(0, 0);
    third = begin_of_chunk(&trace, 2);
    trace.size = TR_HEADER_SIZE + 2 * TR_CHUNK_ALIGN;
    assert_in_range(first_unsure(&trace), 1, third - 1);
    trace_free(&trace);

    trace = make(0, 0);
    trace.bytes[TR_HEADER_SIZE + TR_CHUNK_ALIGN + sizeof(struct tr_chunk)] = 0x7e; /* no kind */
    assert_in_range(first_unsure(&trace), begin_of_chunk(&trace, 1) - 1, third - 1);
    trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_losses_all_is_sure),
        cmocka_unit_test(the_header_says_when),
        cmocka_unit_test(a_loss_without_a_time_is_one_from_the_start),
        cmocka_unit_test(an_event_tells_a_loss),
        cmocka_unit_test(behind_damage_nothing_is_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
