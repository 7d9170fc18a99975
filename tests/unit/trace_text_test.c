/* SPDX-License-Identifier: Apache-2.0 */
/* Traces as text: what lines look like, what they may leave out, and that they come back. */
#include "tests/unit/trace_test.h"

#include <stdio.h>

static const char *const ALL_KINDS =
    "1 T0 meta argument \"./prog\" t=1 e=0\n"
    "2 T0 meta note \"tab\\there \\\"quoted\\\" \\\\ \\x00\\xff\\n\" t=1 e=0\n"
    "3 T0 module tsan 0x400000 start=0x401000 end=0x500000 build_id=0badcafe \"/bin/prog\" t=1 "
    "e=0\n"
    "4 T0 module none 0x0 start=0x700000 end=0x800000 \"/lib/libstdc++.so.6\" t=1 e=0\n"
    "5 T0 module none 0x0 raw=\"\\x05ab\" t=1 e=0\n"
    "6 T0 module_gone 0x0 t=1 e=0\n"
    "7 T0 coverage rewrite 0x400000 sites=10 covered=9 \"odd code\" t=1 e=0\n"
    "8 T0 lost no_stack count=3 t=1 e=0\n"
    "9 T0 fork pid=99 t=1 e=0 @1 [prog+0x1234 libstdc++.so.6+0x700001 0x99]\n"
    "10 T0 exec \"/bin/true\" t=1 e=0 @1 [prog+0x1234 libstdc++.so.6+0x700001 0x99]\n"
    "11 T0 signal number=11 t=1 e=0\n"
    "12 T0 deadlock parties=2 threads=0,300 t=1 e=0\n"
    "13 T0 deadlock parties=1 raw=\"\\xff\" t=1 e=0\n"
    "14 T0 timeout t=1 e=0\n"
    "15 T0 thread_start 0x7f00 parent=T? tid=1234 t=1 e=0\n"
    "16 T0 thread_name T0 \"main\" t=1 e=1\n"
    "17 T0 thread_create T1 detached t=2 e=1 @2 [0x99]\n"
    "18 T0 thread_detach T1 t=2 e=2\n"
    "19 T0 thread_cancel T1 t=2 e=2\n"
    "20 T0 join_request T1 timed t=2 e=3\n"
    "21 T0 join_fail T1 error=110 timed t=2 e=3\n"
    "22 T0 thread_stack 0x7000 size=4096 t=2 e=3\n"
    "23 T0 handler_begin number=10 t=2 e=3\n"
    "24 T0 handler_end number=10 left t=2 e=3\n"
    "25 T0 object_new mutex 0x10 v1 recursive error_check robust process_shared prefer_writer "
    "static t=2 e=3\n"
    "26 T0 object_new sem 0x20 v1 value=5 t=2 e=3\n"
    "27 T0 object_new barrier 0x30 v1 a0=0x100 value=2 t=2 e=3\n"
    "28 T0 request rwlock 0x40 v0 holder=T1 shared timed in_handler t=2 e=3\n"
    "29 T0 acquire rwlock 0x40 v1 shared contended t=2 e=3\n"
    "30 T0 release rwlock 0x40 v2 shared t=2 e=4\n"
    "31 T0 acquire spin 0x48 v1 try nested owner_dead t=2 e=5\n"
    "32 T0 release mutex 0x10 v2 nested in_wait foreign t=2 e=6\n"
    "33 T0 try_fail user 0x50 v0 holder=T0 try timeout cancelled t=2 e=7\n"
    "34 T0 op_error once 0x58 v0 error=22 t=2 e=7\n"
    "35 T0 op_error 0x58 v0 mode=0x8 t=2 e=7\n"
    "36 T0 object_name 0x10 \"big lock\" t=2 e=7\n"
    "37 T0 cond_wait 0x60 v1 mutex=0x10 t=2 e=7\n"
    "38 T0 cond_wake 0x60 v2 timeout t=2 e=7\n"
    "39 T0 cond_signal 0x60 v3 broadcast t=2 e=8\n"
    "40 T0 sem_wait 0x20 v2 t=2 e=9\n"
    "41 T0 sem_post mutex 0x20 v3 t=2 e=10\n"
    "42 T0 sem_post 0x20 v4 mode=0xf t=2 e=11\n"
    "43 T0 barrier_enter 0x30 v2 t=2 e=12\n"
    "44 T0 barrier_exit 0x30 v3 round=1 serial t=2 e=13\n"
    "45 T0 once_begin 0x70 v1 t=2 e=14\n"
    "46 T0 once_end 0x70 v2 unfinished t=2 e=15\n"
    "47 T0 once_seen 0x70 v3 t=2 e=16\n"
    "48 T0 happens_before pipe 0x80 v1 t=2 e=17\n"
    "49 T0 happens_after team 0x80 v2 t=2 e=18\n"
    "50 T0 block_begin sleep on=0x3 timed t=2 e=19\n"
    "51 T0 block_end other t=2 e=19\n"
    "52 T0 alloc 0x1000 v1 size=64 t=2 e=19\n"
    "53 T0 alloc 0x1000 v0 size=80 resized t=2 e=19\n"
    "54 T0 free 0x1000 v2 size=80 t=2 e=19\n"
    "55 T0 benign 0x2000 size=8 \"a statistic\" t=2 e=19\n"
    "56 T0 read 4 0x2000 source_unknown volatile t=2 e=19\n"
    "57 T0 write 8 0x2000 v1 vptr unaligned compound may_be_atomic t=2 e=19\n"
    "58 T0 read 1 0x2000 after=T7:12 t=2 e=19\n"
    "59 T0 write 128 0x2000 at=44 mode=0x800000 t=2 e=19\n"
    "60 T0 read_range 0x2000 size=100 v2 t=2 e=19\n"
    "61 T0 write_range 0x2000 size=100 t=2 e=19\n"
    "62 T0 atomic_load 4 0x3000 v1 consume failed t=2 e=19\n"
    "63 T0 atomic_store 4 0x3000 v2 relaxed t=2 e=20\n"
    "64 T0 atomic_rmw 4 0x3000 v0 acq_rel source_unknown t=2 e=20\n"
    "65 T0 fence seq_cst t=2 e=21\n"
    "66 T0 read 2 0x2010 deferred t=2 e=22\n"
    "67 T0 thread_exit cancel t=2 e=22\n"
    "68 T0 exit call status=3 t=9 e=23\n"
    "69 T1 thread_start 0x7f01 parent=T0 tid=1235 t=10 e=0\n"
    "70 T1 thread_exit return t=11 e=1\n"
    "71 T2 join T1 t=11 e=0\n"
    "72 T2 object_end mutex destroy 0x10 v3 t=11 e=1\n"
    "73 T2 object_end cond reinit 0x60 v4 t=11 e=1\n"
    "74 T2 exit mode=0x5 t=11 e=1\n"
    "75 T2 thread_again 0x7f02 parent=T? tid=1236 \"cook\" t=11 e=1\n"
    "76 T2 inherited mutex 0x10 holder=3 version=7 t=11 e=1\n"
    "77 T2 unsafe_call \"stdio\" t=11 e=1\n"
    "78 T2 shared_memory 0x4000 size=64 identity=0x5 offset=8 t=11 e=1\n"
    "79 T2 unblocks t=11 e=1\n";

static void check_same(const char *text, const char *expected)
{
    struct trace trace = trace_of(text);
    char *dump = trace_dump(&trace);
    assert_string_equal(dump, expected);
    free(dump);
    trace_free(&trace);
}

static void every_kind_has_its_words(void **state)
{
    (void)state;
    check_same(ALL_KINDS, ALL_KINDS);
    for (unsigned kind = TR_META; kind < TR_KINDS; kind++) {
        char words[64];
        snprintf(words, sizeof words, " %s ", tr_kinds[kind].name ? tr_kinds[kind].name : "T0");
        assert_non_null(strstr(ALL_KINDS, words));
    }
}

static void check_error(const char *text, uint64_t line, const char *what)
{
    uint8_t *bytes = NULL;
    size_t size;
    struct sn_error err = {0};
    int code = tr_text_parse(text, strlen(text), &bytes, &size, &err);
    if (code == 0) {
        free(bytes);
        fail_msg("no error in: %s", text);
    }
    assert_int_equal(code, SN_E_FORMAT);
    assert_int_equal(err.offset, line);
    if (!strstr(err.text, what))
        fail_msg("\"%s\" does not say \"%s\"", err.text, what);
}

static void a_line_may_leave_out_what_follows(void **state)
{
    (void)state;
    check_same("# Two threads, one lock.\n"
               "\n"
               "T0 module 0x400000 start=0x400000 end=0x500000 \"/bin/prog\"\n"
               "T0 thread_start\n"
               "  T0 thread_create T1\t[prog+0x10 0x99] # and here it is\n"
               "T1 thread_start\n"
               "T1 acquire mutex 0x10 @7 [prog+0x20]\n"
               "T0 request mutex 0x10 holder=T1\r\n"
               "T1 write 0x3000 4 @7\n"
               "T1 release mutex @7 0x10\n"
               "T0 acquire contended mutex 0x10 t=100\n"
               "T0 atomic_load 4 0x20 source_unknown acquire\n"
               "T0 cond_signal 0x30\n"
               "T1 free 0x2000\n"
               "T1 thread_exit",
               "1 T0 module none 0x400000 start=0x400000 end=0x500000 \"/bin/prog\" t=1 e=0\n"
               "2 T0 thread_start 0x0 parent=T? t=2 e=0\n"
               "3 T0 thread_create T1 t=3 e=1 @1 [prog+0x10 0x99]\n"
               "4 T1 thread_start 0x0 parent=T0 t=4 e=0\n"
               "5 T1 acquire mutex 0x10 v1 t=5 e=1 @2 [prog+0x20]\n"
               "6 T0 request mutex 0x10 v1 holder=T1 t=6 e=2\n"
               "7 T1 write 4 0x3000 t=7 e=2 @2 [prog+0x20]\n"
               "8 T1 release mutex 0x10 v2 t=8 e=2 @2 [prog+0x20]\n"
               "9 T0 acquire mutex 0x10 v3 contended t=100 e=2\n"
               "10 T0 atomic_load 4 0x20 v0 acquire source_unknown t=101 e=3\n"
               "11 T0 cond_signal 0x30 v1 t=102 e=4\n"
               "12 T1 free 0x2000 v1 t=103 e=3\n"
               "13 T1 thread_exit return t=104 e=3\n");
}

static void lines_keep_their_order(void **state)
{
    (void)state;
    check_same("T5 fence\nT1 fence\nT5 acquire mutex 0x8\nT0 fence\nT1 fence\n",
               "1 T5 fence relaxed t=1 e=0\n"
               "2 T1 fence relaxed t=2 e=0\n"
               "3 T5 acquire mutex 0x8 v1 t=3 e=1\n"
               "4 T0 fence relaxed t=4 e=0\n"
               "5 T1 fence relaxed t=5 e=1\n");
}

static void the_header_comes_back(void **state)
{
    (void)state;
    const char *text = "#: snarl trace 1\n"
                       "#: program \"/bin/a \\\"b\\\"\"\n"
                       "#: arch 62\n"
                       "#: pid 12\n"
                       "#: start_tsc 1000\n"
                       "#: tsc_hz 3000000000\n"
                       "#: access_source 1\n"
                       "#: state 1\n"
                       "#: threads 1\n"
                       "#: counter_bits 20\n"
                       "#: lost_no_space 4\n";
    struct trace trace = trace_of(text);
    struct tr_reader *reader = trace_open(&trace);
    struct sn_text out = {0};
    tr_text_header(&out, reader);
    const struct tr_header *header = tr_reader_header(reader);
    assert_string_equal(header->program, "/bin/a \"b\"");
    assert_int_equal(header->pid, 12);
    assert_int_equal(header->lost[TR_LOSS_NO_SPACE], 4);
    assert_string_equal(out.at, text);
    sn_text_release(&out);
    tr_reader_close(reader);
    trace_free(&trace);
}

static void times_count_from_the_start(void **state)
{
    (void)state;
    struct trace trace = trace_of("#: start_tsc 1000\nT0 fence t=5\nT0 read 4 0x8 at=3\n");
    struct tr_reader *reader = trace_open(&trace);
    struct tr_event ev;
    struct sn_error err;
    assert_int_equal(tr_reader_next(reader, &ev, &err), 1);
    assert_int_equal(ev.time, 1005);
    assert_int_equal(tr_reader_next(reader, &ev, &err), 1);
    assert_int_equal(ev.time, 1006);
    assert_int_equal(ev.a1, 1003);
    tr_reader_close(reader);
    trace_free(&trace);
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    check_error("T0 fence\nacquire mutex 0x8\n", 2, "a thread such as T0 is expected: acquire");
    check_error("7\n", 1, "a thread such as T0 is missing");
    check_error("T0\n", 1, "the kind of event is missing");
    check_error("T16777216 fence\n", 1, "thread");
    check_error("T? fence\n", 1, "thread");
    check_error("T0 lock 0x8\n", 1, "no such kind of event: lock");
    check_error("T0 time\n", 1, "no such kind of event");
    check_error("T0 acquire mutex\n", 1, "an address is missing");
    check_error("T0 acquire lock 0x8\n", 1, "no such word: lock");
    check_error("T0 acquire mutex 0x8 vx\n", 1, "no such word: vx");
    check_error("T0 acquire mutex 0x8 v99999999999999999999\n", 1, "a number must follow v");
    check_error("T0 acquire mutex 0xg\n", 1, "an address is expected");
    check_error("T0 acquire mutex 0x8 size=3\n", 1, "no such field: size");
    check_error("T0 acquire mutex 0x8 a0=3\n", 1, "no such field: a0");
    check_error("T0 acquire mutex 0x8 t=x\n", 1, "a number is expected: t=x");
    check_error("T0 acquire mutex 0x8 mode=0x1000000\n", 1, "a number is expected");
    check_error("T0 acquire mutex 0x8 4\n", 1, "a size");
    check_error("T0 acquire mutex 0x8 @1\n", 1, "no such stack before this line: @1");
    check_error("T0 acquire mutex 0x8 [0x1\n", 1, "not closed");
    check_error("T0 acquire mutex 0x8 [prog+0x1]\n", 1, "no module has that name alone: prog+0x1");
    check_error("T0 acquire mutex 0x8 [main]\n", 1, "a frame is");
    check_error("T0 acquire mutex 0x8 \"x\"\n", 1, "has no text");
    check_error("T0 meta \"x\n", 1, "a string in quotes");
    check_error("T0 meta \"\\xg0\"\n", 1, "two hexadecimal digits");
    check_error("T0 meta \"a\"b\"c\"\n", 1, "a quote within a string");
    check_error("T0 write 0x8\n", 1, "the size is missing");
    check_error("T0 write 3 0x8\n", 1, "a size of 1, 2, 4");
    check_error("T0 write 4 0x8 after=3\n", 1, "THREAD:EPOCH");
    check_error("T0 join\n", 1, "the other thread is missing");
    check_error("T0 timeout [0x1]\n", 1, "has no stack");
    check_error("T0 fence t=9\nT0 fence t=8\n", 2, "time goes back");
    check_error("T0 module 0x0 build_id=abc \"x\"\n", 1, "two digits a byte");
    check_error("#: color red\n", 1, "the header has no such field: color");
    check_error("#: counter_bits 40\n", 1, "not possible here: 40");
    check_error("#: pid 99999999999\n", 1, "not possible here");
    check_error("T0 fence\n#: pid 1\n", 2, "behind an event");
    check_error("T0 module 0x1 \"/a/x\"\nT0 module 0x2 \"/b/x\"\nT0 fence [x+0x1]\n", 3,
                "no module has that name alone");
}

/* A random event, of any kind, with any values. */
static struct tr_event random_event(uint64_t *seed)
{
    static const uint8_t bytes[] = {3, 'a', 0xff, 7, '"', '\\', 'x', 0, 9, 10};
    struct tr_event ev = {.thread = (uint32_t)(trace_random(seed) % 4)};
    do
        ev.kind = (uint8_t)(TR_META + trace_random(seed) % (TR_KINDS - TR_META));
    while (!tr_kinds[ev.kind].name);
    unsigned fields = tr_kinds[ev.kind].fields;
    uint64_t small = trace_random(seed) % 2 ? 0xf : UINT64_MAX;
    if (fields & TR_MODE)
        ev.mode = (uint32_t)trace_random(seed) % TR_MODE_LIMIT;
    if (trace_random(seed) % 2)
        ev.mode &= 0xff;
    if (fields & TR_OBJECT)
        ev.object = trace_random(seed) & small;
    if (fields & (TR_VERSION | TR_ORDER))
        ev.version = trace_random(seed) & small & 0xff;
    ev.a0 = trace_random(seed) & small;
    ev.a1 = trace_random(seed) & small;
    ev.a2 = trace_random(seed) & small;
    ev.epoch = trace_random(seed) % 30;
    if (fields & TR_BYTES) {
        ev.bytes = bytes;
        ev.bytes_length = (uint32_t)(trace_random(seed) % (sizeof bytes + 1));
    }
    return ev;
}

/* The text of what WRITER has, which becomes the same text again. To be freed. */
static char *text_that_stays(struct tr_writer *writer)
{
    struct trace trace = trace_finish(writer);
    char *first = trace_dump(&trace);
    trace_free(&trace);
    trace = trace_of(first);
    char *second = trace_dump(&trace);
    trace_free(&trace);
    /* The text has no header here, and times relative to nothing. */
    assert_string_equal(first, second);
    free(second);
    return first;
}

static void binary_to_text_to_binary_to_text(void **state)
{
    (void)state;
    for (uint64_t seed = 1, round = 0; round < 300; round++) {
        struct tr_writer writer;
        tr_writer_init(&writer);
        writer.chunk_size = 600;
        writer.header.start_tsc = 50;
        uint64_t time = 60, pcs[4] = {0x401000, 0x99, UINT64_MAX, 0};
        for (int i = 0; i < 60; i++) {
            struct tr_event ev = random_event(&seed);
            bool deferred = tr_is_access(ev.kind) && (ev.mode & TR_ACC_DEFERRED);
            pcs[0] = 0x401000 + trace_random(&seed) % 4;
            if (tr_kinds[ev.kind].fields & TR_STACK && !deferred)
                ev.stack =
                    tr_writer_stack(&writer, ev.thread, pcs, (uint32_t)(trace_random(&seed) % 5));
            ev.time = time += trace_random(&seed) % 10;
            tr_writer_add(&writer, &ev);
            if (!deferred && tr_kinds[ev.kind].slot && trace_random(&seed) % 4 == 0)
                tr_writer_add(&writer,
                              &(struct tr_event){.kind = TR_RUN, .thread = ev.thread, .a0 = 3});
        }
        tr_writer_add(&writer, &(struct tr_event){.kind = TR_MODULE,
                                                  .object = 0x400000,
                                                  .a0 = 0x400000,
                                                  .a1 = 0x500000,
                                                  .bytes = (const uint8_t *)"\0/bin/prog",
                                                  .bytes_length = 10});
        free(text_that_stays(&writer));
    }
}

/* Who came across an access stays known: it comes before what that thread does next, whatever the
 * time. */
static void who_told_an_access_is_kept(void **state)
{
    (void)state;
    struct tr_writer writer;
    tr_writer_init(&writer);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_THREAD_START, .thread = 1, .time = 5});
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_THREAD_START, .thread = 2, .time = 1});
    tr_writer_add_deferred(&writer, 2,
                           &(struct tr_event){.kind = TR_WRITE,
                                              .mode = 2 | TR_ACC_DEFERRED,
                                              .thread = 1,
                                              .object = 0x10,
                                              .epoch = 1});
    tr_writer_add(
        &writer,
        &(struct tr_event){.kind = TR_WRITE, .mode = 2, .thread = 2, .object = 0x10, .time = 2});
    tr_writer_add(&writer, &(struct tr_event){
                               .kind = TR_READ, .mode = 2, .thread = 1, .object = 0x20, .time = 9});
    char *first = text_that_stays(&writer);
    const char *told = strstr(first, "T1 write 4 0x10 deferred teller=T2");
    assert_non_null(told);
    assert_non_null(strstr(told, "T2 write 4 0x10"));
    assert_null(strstr(told, "thread_start"));
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_words),
        cmocka_unit_test(a_line_may_leave_out_what_follows),
        cmocka_unit_test(lines_keep_their_order),
        cmocka_unit_test(the_header_comes_back),
        cmocka_unit_test(times_count_from_the_start),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(binary_to_text_to_binary_to_text),
        cmocka_unit_test(who_told_an_access_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
