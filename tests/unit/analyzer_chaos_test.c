/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces of events drawn at random, which no program could make: locks that nobody took are
 * released, threads that never began are joined. The analyzer must come through, and say the same
 * twice.
 */
#include "analyzer/analysis.h"
#include "base/map.h"
#include "finding/json.h"
#include "trace/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    TRACES = 300,
    EVENTS = 1500,
    SHORT_TRACES = 20000,
    FEW_EVENTS = 40,
    THREADS = 5,
    OBJECTS = 6
};

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state += 0x9e3779b97f4a7c15u;
    return sn_mix(random_state) % below;
}

static uint8_t draw_kind(void)
{
    for (;;) {
        uint8_t kind = (uint8_t)draw(TR_KINDS);
        bool rare = kind <= TR_TIMEOUT || kind == TR_THREAD_EXIT || kind == TR_OBJECT_END;
        if (tr_kinds[kind].name && kind != TR_TIME && kind != TR_STACK_DEF && kind != TR_RUN &&
            kind != TR_MODULE && (!rare || draw(20) == 0))
            return kind;
    }
}

static uint32_t draw_mode(uint8_t kind)
{
    if (tr_is_access(kind))
        return (uint32_t)(draw(5) | draw(2) << 11);
    if (tr_is_atomic(kind) || kind == TR_FENCE)
        return (uint32_t)(draw(4) | draw(6) << TR_ATOMIC_ORDER_SHIFT);
    if (kind >= TR_OBJECT_NEW && kind <= TR_OP_ERROR)
        return (uint32_t)(draw(8) | (draw(2) ? 0 : draw(1 << 13) << 4));
    return (uint32_t)(draw(3) ? 0 : draw(1 << 17));
}

/* Few addresses, so that everything meets everything; ranges that overlap them. */
static void add_random(struct tr_writer *writer, uint32_t stacks[THREADS][4], uint64_t time)
{
    uint8_t kind = draw_kind();
    unsigned fields = tr_kinds[kind].fields;
    struct tr_event ev = {.kind = kind, .thread = (uint32_t)draw(THREADS), .time = time};
    if (fields & TR_MODE)
        ev.mode = draw_mode(kind);
    if (fields & TR_STACK)
        ev.stack = stacks[ev.thread][draw(4)];
    if (fields & TR_OBJECT)
        ev.object = tr_is_access(kind) || tr_is_atomic(kind) ? 0x9000 + draw(64)
                                                             : 0x9000 + 16 * draw(OBJECTS);
    if (fields & TR_VERSION)
        ev.version = time;
    if (fields & TR_A0)
        ev.a0 = draw(THREADS + 1) * (kind >= TR_ALLOC ? 13 : 1);
    if (fields & TR_A0 && !tr_is_access(kind) && draw(20) == 0)
        ev.a0 = draw(UINT64_MAX);
    if (fields & TR_A1)
        ev.a1 = draw(3);
    tr_writer_add(writer, &ev);
}

static void make(struct tr_writer *writer, uint64_t seed, uint64_t count, uint8_t **bytes,
                 size_t *size)
{
    uint32_t stacks[THREADS][4] = {0};
    random_state = seed;
    tr_writer_init(writer);
    writer->header.tsc_hz = 1000000;
    writer->header.flags = draw(2) ? TR_FILTER_SAME_EPOCH : draw(2) ? TR_IS_IMPORTED : 0;
    writer->header.access_source = draw(4) ? TR_SOURCE_TSAN : TR_SOURCE_NONE;
    for (uint32_t thread = 0; thread < THREADS; thread++) {
        for (uint64_t i = 1; i < 4; i++) {
            uint64_t pcs[] = {0x400000 + i * 16, 0x500000 + thread};
            stacks[thread][i] = tr_writer_stack(writer, thread, pcs, 2);
        }
    }
    for (uint64_t time = 1; time <= count; time++)
        add_random(writer, stacks, time);
    tr_writer_finish(writer, bytes, size);
    tr_writer_release(writer);
}

static uint64_t predicted;

static void analyze(const uint8_t *bytes, size_t size, struct sn_text *json, uint64_t *events)
{
    struct tr_reader *reader;
    struct sn_error err;
    struct sn_report report;
    struct an_options options;
    sn_report_init(&report);
    an_options_default(&options);
    options.livelock_rounds = 2;
    options.starvation_bypass = 2;
    options.starvation_share = 1;
    options.starvation_wait_ms = 0;
    options.timed_out = true;
    assert_int_equal(tr_reader_open_memory(&reader, bytes, size, &err), 0);
    assert_int_equal(an_analyze(reader, &report, &options, NULL, NULL, &err), 0);
    vec_each (const char *, note, &report.notes) /* a witness that the checker has refused */
        if (strstr(*note, "internal error"))
            fail_msg("%s", *note);
    sn_report_fingerprint(&report);
    vec_each (struct sn_finding *, finding, &report.findings)
        predicted += (*finding)->level == SN_PREDICTED;
    sn_json_write(json, &report);
    *events += report.events;
    sn_report_release(&report);
    tr_reader_close(reader);
}

static void any_events_at_all(void **state)
{
    (void)state;
    uint64_t events = 0;
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        struct tr_writer writer;
        struct sn_text first = {0}, second = {0};
        uint8_t *bytes;
        size_t size;
        make(&writer, seed, EVENTS, &bytes, &size);
        analyze(bytes, size, &first, &events);
        if (seed % 10 == 0) {
            analyze(bytes, size, &second, &events);
            assert_string_equal(first.at, second.at);
        }
        sn_text_release(&first);
        sn_text_release(&second);
        free(bytes);
    }
    assert_true(events > TRACES * EVENTS / 2);
}

/* In which there is still something to predict. */
static void few_events(void **state)
{
    (void)state;
    uint64_t events = 0;
    predicted = 0;
    for (uint64_t seed = 1; seed <= SHORT_TRACES; seed++) {
        struct tr_writer writer;
        struct sn_text json = {0};
        uint8_t *bytes;
        size_t size;
        make(&writer, seed, FEW_EVENTS, &bytes, &size);
        analyze(bytes, size, &json, &events);
        sn_text_release(&json);
        free(bytes);
    }
    printf("%llu predicted\n", (unsigned long long)predicted);
    assert_true(predicted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_events_at_all),
                                       cmocka_unit_test(few_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
