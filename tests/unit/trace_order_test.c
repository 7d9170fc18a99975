/* SPDX-License-Identifier: Apache-2.0 */
/* The one order that the reader gives to the events of all threads. */
#include "tests/unit/trace_test.h"

#include <stdio.h>
#include <time.h>

/* What came, as "T0 acquire, T1 release, ". */
static char *order_of(const struct trace *trace)
{
    struct tr_reader *reader = trace_open(trace);
    struct sn_text out = {0};
    struct sn_error err;
    struct tr_event ev;
    sn_text_puts(&out, "");
    while (tr_reader_next(reader, &ev, &err) > 0)
        sn_text_printf(&out, "T%u %s, ", ev.thread, tr_kinds[ev.kind].name);
    tr_reader_close(reader);
    return out.at;
}

static void check_order(struct tr_writer *writer, const char *expected)
{
    struct trace trace = trace_finish(writer);
    char *order = order_of(&trace);
    assert_string_equal(order, expected);
    free(order);
    trace_free(&trace);
}

static void add(struct tr_writer *writer, uint32_t thread, uint8_t kind, uint64_t object,
                uint64_t version, uint64_t time)
{
    tr_writer_add(
        writer,
        &(struct tr_event){
            .kind = kind, .thread = thread, .object = object, .version = version, .time = time});
}

static void add_other(struct tr_writer *writer, uint32_t thread, uint8_t kind, uint64_t a0,
                      uint64_t time)
{
    tr_writer_add(writer,
                  &(struct tr_event){.kind = kind, .thread = thread, .a0 = a0, .time = time});
}

static void versions_beat_time(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 3, 1);
    add(&writer, 0, TR_RELEASE, 0x10, 4, 2);
    add(&writer, 1, TR_ACQUIRE, 0x10, 1, 100);
    add(&writer, 1, TR_RELEASE, 0x10, 2, 200);
    check_order(&writer, "T1 acquire, T1 release, T0 acquire, T0 release, ");
}

static void time_decides_what_versions_leave_open(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 1, 5);
    add(&writer, 0, TR_RELEASE, 0x10, 2, 30);
    add(&writer, 1, TR_SEM_WAIT, 0x20, 1, 10);
    add(&writer, 1, TR_SEM_POST, 0x20, 2, 20);
    check_order(&writer, "T0 acquire, T1 sem_wait, T1 sem_post, T0 release, ");
}

static void the_lower_number_goes_first(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 7, TR_SEM_WAIT, 0x20, 0, 10);
    add(&writer, 7, TR_SEM_POST, 0x20, 0, 10);
    add(&writer, 3, TR_ACQUIRE, 0x10, 0, 10);
    add(&writer, 3, TR_RELEASE, 0x10, 0, 10);
    check_order(&writer, "T3 acquire, T3 release, T7 sem_wait, T7 sem_post, ");
}

static void an_observer_comes_after_what_it_saw(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_REQUEST, 0x10, 1, 1);
    add(&writer, 1, TR_ACQUIRE, 0x10, 1, 50);
    check_order(&writer, "T1 acquire, T0 request, ");
}

static void an_observer_comes_before_what_it_did_not_see(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 1, 1);
    add(&writer, 0, TR_RELEASE, 0x10, 2, 1); /* no stamp since: looks as early as the first */
    add(&writer, 0, TR_ACQUIRE, 0x10, 3, 1);
    add(&writer, 1, TR_REQUEST, 0x10, 1, 50);
    add(&writer, 2, TR_TRY_FAIL, 0x10, 1, 60);
    check_order(&writer, "T0 acquire, T1 request, T2 try_fail, T0 release, T0 acquire, ");
}

static void a_run_of_observers_counts_each(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 1, 1);
    add(&writer, 0, TR_RELEASE, 0x10, 2, 1);
    add(&writer, 1, TR_TRY_FAIL, 0x10, 1, 1);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_RUN, .thread = 1, .a0 = 2});
    check_order(&writer, "T0 acquire, T1 try_fail, T1 try_fail, T1 try_fail, T0 release, ");
}

static void a_version_of_zero_orders_nothing(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ATOMIC_LOAD, 0x10, 0, 1);
    add(&writer, 1, TR_ATOMIC_STORE, 0x10, 1, 2);
    add(&writer, 2, TR_ATOMIC_LOAD, 0x10, 2, 1);
    check_order(&writer, "T0 atomic_load, T1 atomic_store, T2 atomic_load, ");
}

static void counters_are_not_objects(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    uint32_t mode = 2 | TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT;
    struct tr_event write = {
        .kind = TR_WRITE, .mode = mode, .thread = 0, .object = 0x1004, .version = 2, .time = 1};
    tr_writer_add(&writer, &write);
    add(&writer, 1, TR_ALLOC, 0x1000, 1, 5);   /* the same granule: a write into the block */
    add(&writer, 2, TR_ACQUIRE, 0x1004, 1, 0); /* another space of numbers */
    check_order(&writer, "T2 acquire, T1 alloc, T0 write, ");
}

static void granules_that_share_a_counter_share_its_numbers(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    writer.header.counter_bits = 1;
    uint64_t other = 0x1008;
    while (tr_counter(other, 1) != tr_counter(0x1000, 1))
        other += 8;
    add(&writer, 0, TR_FREE, other, 2, 1);
    add(&writer, 1, TR_ALLOC, 0x1000, 1, 5);
    check_order(&writer, "T1 alloc, T0 free, ");
}

static void a_thread_starts_after_its_creation(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add_other(&writer, 1, TR_THREAD_START, 0, 1);
    add_other(&writer, 0, TR_THREAD_START, TR_NO_THREAD, 1);
    add_other(&writer, 0, TR_THREAD_CREATE, 1, 90);
    add_other(&writer, 2, TR_THREAD_START, 0, 10); /* its creation is lost */
    check_order(&writer, "T0 thread_start, T2 thread_start, T0 thread_create, T1 thread_start, ");
}

static void a_join_comes_after_the_end(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add_other(&writer, 0, TR_JOIN, 1, 1);
    add_other(&writer, 0, TR_JOIN, 2, 1);
    add_other(&writer, 0, TR_JOIN, 3, 1); /* nothing of it is here */
    add_other(&writer, 1, TR_FENCE, 0, 50);
    add_other(&writer, 1, TR_THREAD_EXIT, 0, 60);
    add_other(&writer, 1, TR_FENCE, 0, 70);
    add_other(&writer, 2, TR_FENCE, 0, 65); /* has no exit: killed */
    check_order(&writer,
                "T1 fence, T1 thread_exit, T0 join, T2 fence, T0 join, T0 join, T1 fence, ");
}

static void gaps_let_the_earliest_go_on(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 5000, 20);
    add(&writer, 0, TR_RELEASE, 0x10, 5001, 21);
    add(&writer, 1, TR_SEM_POST, 0x20, 70, 10);
    add(&writer, 1, TR_SEM_WAIT, 0x20, 90, 30);
    check_order(&writer, "T1 sem_post, T0 acquire, T0 release, T1 sem_wait, ");
}

static void a_gap_does_not_turn_an_object_around(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 7, 1); /* earliest, but not the lowest number */
    add(&writer, 1, TR_ACQUIRE, 0x10, 5, 9);
    add(&writer, 1, TR_RELEASE, 0x10, 6, 9);
    check_order(&writer, "T1 acquire, T1 release, T0 acquire, ");
}

static void contradictions_end(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ACQUIRE, 0x10, 2, 1);
    add(&writer, 0, TR_ACQUIRE, 0x20, 1, 1);
    add(&writer, 1, TR_ACQUIRE, 0x20, 2, 2);
    add(&writer, 1, TR_ACQUIRE, 0x10, 1, 2);
    add_other(&writer, 2, TR_JOIN, 2, 0);
    add_other(&writer, 3, TR_THREAD_START, 3, 0);
    add_other(&writer, 3, TR_THREAD_CREATE, 3, 0);
    struct trace trace = trace_finish(&writer);
    char *order = order_of(&trace);
    unsigned events = 0;
    for (const char *p = order; *p; p++)
        events += *p == ',';
    assert_int_equal(events, 7);
    free(order);
    trace_free(&trace);
}

/* The order keeps each thread's own and each object's versions, for random programs on locks. */
static void random_programs_keep_every_order(void **state)
{
    (void)state;
    enum { THREADS = 9, OBJECTS = 5, STEPS = 3000 };
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct tr_writer writer;
        tr_writer_init(&writer);
        writer.chunk_size = 512;
        uint64_t random = seed, versions[OBJECTS] = {0}, done[THREADS] = {0}, time = 0;
        for (int i = 0; i < STEPS; i++) {
            uint32_t thread = (uint32_t)(trace_random(&random) % THREADS);
            unsigned object = (unsigned)(trace_random(&random) % OBJECTS);
            time += trace_random(&random) % 3;
            tr_writer_add(&writer, &(struct tr_event){.kind = TR_ACQUIRE,
                                                      .thread = thread,
                                                      .object = 0x1000 + object * 8,
                                                      .mode = (uint32_t)(trace_random(&random) % 3),
                                                      .version = ++versions[object],
                                                      .time = i % 7 ? 0 : time});
        }
        struct trace trace = trace_finish(&writer);
        struct tr_reader *reader = trace_open(&trace);
        struct tr_event ev;
        struct sn_error err;
        uint64_t count = 0, last[OBJECTS] = {0};
        while (tr_reader_next(reader, &ev, &err) > 0) {
            assert_int_equal(ev.index, ++count);
            assert_true(ev.version == ++last[(ev.object - 0x1000) / 8]);
            assert_true(ev.epoch == done[ev.thread]++);
        }
        assert_int_equal(count, STEPS);
        assert_int_equal(tr_reader_damage(reader)->places, 0);
        tr_reader_close(reader);
        trace_free(&trace);
    }
}

/* Ten thousand threads that all wait for one lock, in the worst order: no step may look at all. */
static void many_threads_cost_a_logarithm(void **state)
{
    (void)state;
    enum { THREADS = 10000, ROUNDS = 20 };
    struct tr_writer writer;
    tr_writer_init(&writer);
    for (uint64_t round = 0; round < ROUNDS; round++)
        for (uint32_t thread = 0; thread < THREADS; thread++)
            add(&writer, thread, TR_ACQUIRE, 0x10, round * THREADS + (THREADS - thread) + 1000000,
                1);
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    struct tr_event ev;
    struct sn_error err;
    uint64_t version = 1000000, count = 0;
    clock_t begin = clock();
    while (tr_reader_next(reader, &ev, &err) > 0) {
        assert_true(ev.version == ++version);
        count++;
    }
    assert_int_equal(count, THREADS * ROUNDS);
    assert_true((clock() - begin) / CLOCKS_PER_SEC < 20); /* quadratic would take minutes */
    tr_reader_close(reader);
    trace_free(&trace);
}

/* The block that T1 frees has become a part of one that begins elsewhere. */
static void blocks_of_one_heap_have_one_order(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    add(&writer, 0, TR_ALLOC, 0x10010, 2, 1);
    add(&writer, 1, TR_FREE, 0x10000, 1, 100);
    check_order(&writer, "T1 free, T0 alloc, ");
}

static void access_by(struct tr_writer *writer, uint32_t thread, uint64_t object, uint64_t version)
{
    tr_writer_add(writer, &(struct tr_event){.kind = TR_WRITE,
                                             .thread = thread,
                                             .mode = 2 | TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT,
                                             .object = object,
                                             .version = version});
}

/* T1, in front of its second write, waits for T0; T0 for what T1 has done before, of which the
 * stack stands behind that write. */
static void a_hurried_access_finds_its_stack(void **state)
{
    (void)state;
    const uint64_t pc = 0x1234;
    struct tr_writer writer;
    struct sn_error err;
    struct tr_event ev;
    int found = 0;
    tr_writer_init(&writer);
    tr_writer_add_deferred(&writer, 0,
                           &(struct tr_event){.kind = TR_WRITE,
                                              .thread = 1,
                                              .mode = 2 | TR_ACC_DEFERRED,
                                              .stack = 1,
                                              .object = 0x7000});
    access_by(&writer, 0, 0x7000, 1);
    access_by(&writer, 0, 0x9000, 1);
    access_by(&writer, 1, 0x9000, 2);
    assert_int_equal(tr_writer_stack(&writer, 1, &pc, 1), 1);
    access_by(&writer, 1, 0x9200, 1);
    struct trace trace = trace_finish(&writer);
    struct tr_reader *reader = trace_open(&trace);
    while (tr_reader_next(reader, &ev, &err) > 0)
        if (ev.mode & TR_ACC_DEFERRED) {
            struct tr_stack stack = tr_reader_stack(reader, ev.stack);
            assert_int_equal(stack.count, 1);
            assert_int_equal(stack.pcs[0], pc);
            found++;
        }
    assert_int_equal(found, 1);
    assert_int_equal(tr_reader_damage(reader)->places, 0);
    tr_reader_close(reader);
    trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_beat_time),
        cmocka_unit_test(time_decides_what_versions_leave_open),
        cmocka_unit_test(the_lower_number_goes_first),
        cmocka_unit_test(an_observer_comes_after_what_it_saw),
        cmocka_unit_test(an_observer_comes_before_what_it_did_not_see),
        cmocka_unit_test(a_run_of_observers_counts_each),
        cmocka_unit_test(a_version_of_zero_orders_nothing),
        cmocka_unit_test(counters_are_not_objects),
        cmocka_unit_test(granules_that_share_a_counter_share_its_numbers),
        cmocka_unit_test(a_thread_starts_after_its_creation),
        cmocka_unit_test(a_join_comes_after_the_end),
        cmocka_unit_test(gaps_let_the_earliest_go_on),
        cmocka_unit_test(a_gap_does_not_turn_an_object_around),
        cmocka_unit_test(contradictions_end),
        cmocka_unit_test(random_programs_keep_every_order),
        cmocka_unit_test(many_threads_cost_a_logarithm),
        cmocka_unit_test(a_hurried_access_finds_its_stack),
        cmocka_unit_test(blocks_of_one_heap_have_one_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
