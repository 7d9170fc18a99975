/* SPDX-License-Identifier: Apache-2.0 */
/* Extended STD: what its words become, and that they come back; which store a load has read. */
#include "tests/unit/trace_test.h"
#include "trace/export.h"
#include "trace/std.h"
#include "trace/xstd.h"
#include "trace/xstd_values.h"

#include <stdio.h>

static struct tr_xstd *xstd_of(const char *text)
{
    struct tr_xstd *xstd;
    struct sn_error err = {0};
    if (tr_xstd_open_memory(&xstd, text, strlen(text), &err) < 0)
        fail_msg("%s", err.text);
    return xstd;
}

/* The text again, from the trace that it becomes. The caller frees it. */
static char *again(const char *text, bool extended, uint64_t *left_out)
{
    struct tr_xstd *xstd = xstd_of(text);
    struct tr_export export;
    struct tr_event ev;
    struct sn_error err;
    struct sn_text out = {0};
    sn_text_puts(&out, "");
    tr_export_init(&export, tr_xstd_reader(xstd), extended);
    while (tr_reader_next(tr_xstd_reader(xstd), &ev, &err) > 0) {
        assert_false(ev.unsure);
        tr_export_event(&export, &ev, &out);
    }
    tr_export_finish(&export, &out);
    *left_out = tr_export_left_out(&export);
    tr_export_release(&export);
    tr_xstd_close(xstd);
    return out.at;
}

static void assert_same(const char *text, bool extended)
{
    uint64_t left_out;
    char *got = again(text, extended, &left_out);
    assert_string_equal(got, text);
    assert_int_equal(left_out, 0);
    free(got);
}

/* The events as `snarl dump` has them, without threads' starts and names. */
static void assert_events(const char *text, const char *expected)
{
    struct tr_xstd *xstd = xstd_of(text);
    struct tr_event ev;
    struct sn_error err;
    struct sn_text out = {0};
    sn_text_puts(&out, "");
    while (tr_reader_next(tr_xstd_reader(xstd), &ev, &err) > 0)
        if (ev.kind != TR_THREAD_START && ev.kind != TR_THREAD_NAME)
            tr_text_event(&out, tr_xstd_reader(xstd), &ev);
    /* Without the indices and all from the time on. */
    struct sn_text cut = {0};
    for (char *line = strtok(out.at, "\n"); line; line = strtok(NULL, "\n"))
        sn_text_printf(&cut, "%.*s\n", (int)(strstr(line, " e=") - strchr(line, ' ') - 1),
                       strchr(line, ' ') + 1);
    assert_string_equal(cut.at, expected);
    sn_text_release(&cut);
    sn_text_release(&out);
    tr_xstd_close(xstd);
}

/* All words, in the names that the export gives. ------------------------------------------------
 */

static const char *const ALL_WORDS = "T0|malloc(0x1000,64)|1\n"
                                     "T0|init(0x2000)|2\n"
                                     "T0|init_as(0x2040,3)|2\n"
                                     "T0|sem_init(0x3000,2)|3\n"
                                     "T0|bar_init(0x4000,2)|4\n"
                                     "T0|cond_init(0x5000)|5\n"
                                     "T0|fork(T1)|6\n"
                                     "T1|w(0x1000)|-1\n"
                                     "T1|r(0x1000)|2147483647\n"
                                     "T1|w4(0x1004)|7\n"
                                     "T1|r128(0x1000)|7\n"
                                     "T1|read_range(0x1000,24)|7\n"
                                     "T1|write_range(0x1008,3)|7\n"
                                     "T0|acq(0x2000)|8\n"
                                     "T0|acq(0x2000)|8\n"
                                     "T0|rel(0x2000)|8\n"
                                     "T1|try_fail(0x2000)|9\n"
                                     "T1|timed_req(0x2000)|9\n"
                                     "T1|timed_fail(0x2000)|9\n"
                                     "T1|req(0x2000)|9\n"
                                     "T0|rel(0x2000)|8\n"
                                     "T1|acq(0x2000)|9\n"
                                     "T1|wait_begin(0x5000,0x2000)|10\n"
                                     "T0|try_ok(0x2000)|11\n"
                                     "T0|signal(0x5000)|11\n"
                                     "T0|rel(0x2000)|11\n"
                                     "T1|cond_wake(0x5000)|10\n"
                                     "T0|timed_ok(0x2000)|11\n"
                                     "T0|broadcast(0x5000)|11\n"
                                     "T0|rel(0x2000)|11\n"
                                     "T1|wait_acq(0x2000)|10\n"
                                     "T1|cond_wait(0x5000,0x2000)|12\n"
                                     "T0|broadcast(0x5000)|12\n"
                                     "T1|wait_rel(0x2000)|12\n"
                                     "T1|wait_end(0x5000,0x2000)|12\n"
                                     "T1|timed_wait_begin(0x5000,0x2000)|13\n"
                                     "T1|wait_timeout(0x5000,0x2000)|13\n"
                                     "T1|timed_wait_begin(0x5000,0x2000)|13\n"
                                     "T1|wait_cancel(0x5000,0x2000)|13\n"
                                     "T1|timed_cond_wait(0x5000,0x2000)|13\n"
                                     "T0|broadcast(0x5000)|12\n"
                                     "T1|wait_rel(0x2000)|13\n"
                                     "T1|cond_timeout(0x5000)|13\n"
                                     "T0|broadcast(0x5000)|12\n"
                                     "T1|wait_acq(0x2000)|13\n"
                                     "T1|cond_wait(0x5000,0x2000)|13\n"
                                     "T1|cond_cancel(0x5000)|13\n"
                                     "T1|rel(0x2000)|13\n"
                                     "T1|error(0x2000,1)|13\n"
                                     "T1|cond_destroy(0x5000)|13\n"
                                     "T0|racq(0x2080)|14\n"
                                     "T1|rtry_ok(0x2080)|14\n"
                                     "T1|rrel(0x2080)|14\n"
                                     "T1|rreq(0x2080)|14\n"
                                     "T1|rtimed_ok(0x2080)|14\n"
                                     "T0|rrel(0x2080)|14\n"
                                     "T1|rrel(0x2080)|14\n"
                                     "T1|rtimed_req(0x2080)|14\n"
                                     "T1|rtimed_fail(0x2080)|14\n"
                                     "T1|rtry_fail(0x2080)|14\n"
                                     "T0|sem_post(0x3000)|15\n"
                                     "T0|sem_wait(0x3000)|15\n"
                                     "T0|sem_try_ok(0x3000)|15\n"
                                     "T0|sem_timed_ok(0x3000)|15\n"
                                     "T0|sem_try_fail(0x3000)|15\n"
                                     "T0|sem_timed_req(0x3000)|15\n"
                                     "T0|sem_timed_fail(0x3000)|15\n"
                                     "T0|sem_req(0x3000)|15\n"
                                     "T0|sem_wait(0x3000)|15\n"
                                     "T0|bar_enter(0x4000)|16\n"
                                     "T1|bar_enter(0x4000)|16\n"
                                     "T1|bar_exit(0x4000)|16\n"
                                     "T0|bar_exit(0x4000)|16\n"
                                     "T0|once_begin(0x6000)|17\n"
                                     "T0|once_undone(0x6000)|17\n"
                                     "T1|once_req(0x6000)|17\n"
                                     "T1|once_begin(0x6000)|17\n"
                                     "T1|once_end(0x6000)|17\n"
                                     "T0|once_ret(0x6000)|17\n"
                                     "T0|before(0x7000)|18\n"
                                     "T1|after(0x7000)|18\n"
                                     "T0|st_rlx(0x8000,1)|19\n"
                                     "T0|st4_rel(0x8000,2)|19\n"
                                     "T1|ld_acq(0x8000,2)|19\n"
                                     "T1|ld8_con(0x8000,2)|19\n"
                                     "T1|rmw_acq_rel(0x8000,2,3)|19\n"
                                     "T1|rmw64_sc(0x8000,3,4)|19\n"
                                     "T1|cas_sc(0x8000,4)|19\n"
                                     "T1|ld_rlx(0x8000,?)|19\n"
                                     "T1|rmw_rlx(0x8000,?,5)|19\n"
                                     "T1|fence_rel()|20\n"
                                     "T1|fence_acq()|20\n"
                                     "T1|fence_acq_rel()|20\n"
                                     "T1|fence_sc()|20\n"
                                     "T1|fence_rlx()|20\n"
                                     "T1|fence_con()|20\n"
                                     "T0|resize(0x1000,80)|21\n"
                                     "T0|free(0x1000)|21\n"
                                     "T0|map(0x10000,8192)|21\n"
                                     "T0|unmap(0x11000,4096)|21\n"
                                     "T0|handler_begin(10)|22\n"
                                     "T0|handler_end(10)|0\n"
                                     "T0|block_begin(sleep)|22\n"
                                     "T0|block_end()|0\n"
                                     "T0|timed_block_begin(file_lock)|22\n"
                                     "T0|block_end()|0\n"
                                     "T0|destroy(0x2000)|23\n"
                                     "T0|sem_destroy(0x3000)|23\n"
                                     "T0|bar_destroy(0x4000)|23\n"
                                     "T0|timed_join_req(T1)|24\n"
                                     "T0|join_fail(T1,110)|24\n"
                                     "T0|cancel(T1)|24\n"
                                     "T0|join_req(T1)|24\n"
                                     "T0|join(T1)|24\n"
                                     "T0|fork(T2)|24\n"
                                     "T2|detach(T2)|24\n"
                                     "T2|exit()|24\n"
                                     "T0|timeout()|0\n"
                                     "T0|exit()|25\n";

static void test_all_words_come_back(void **state)
{
    (void)state;
    assert_same(ALL_WORDS, true);
}

static void test_every_word_is_tested(void **state)
{
    (void)state;
    struct tr_xwords words;
    tr_xwords_init(&words);
    vec_each (struct tr_xword, word, &words.all) {
        char text[40];
        snprintf(text, sizeof text, "|%s(", word->name);
        bool sized = tr_is_access(word->kind) || tr_is_atomic(word->kind);
        if (!sized && !strstr(ALL_WORDS, text))
            fail_msg("no line with %s", word->name);
    }
    tr_xwords_release(&words);
}

static void test_plain_std_comes_back(void **state)
{
    (void)state;
    static const char text[] = "T0|fork(T1)|0\nT1|acq(0x10)|1\nT1|r(0x20)|2\nT1|w(0x28)|3\n"
                               "T1|rel(0x10)|4\nT0|join(T1)|5\n";
    assert_same(text, false);
    assert_same(text, true);
}

static void test_what_std_has_no_word_for_is_counted(void **state)
{
    (void)state;
    uint64_t left_out;
    char *got = again("T0|acq(0x10)|1\nT0|acq(0x10)|1\nT0|wait_begin(0x20,0x10)|2\n"
                      "T0|wait_end(0x20,0x10)|3\nT0|rel(0x10)|1\nT0|rel(0x10)|1\n"
                      "T0|racq(0x30)|1\nT0|rrel(0x30)|1\nT0|w8(0x40)|1\nT0|try_ok(0x18)|1\n"
                      "T0|write_range(0x40,20)|1\nT0|st_rel(0x40,1)|1\n",
                      false, &left_out);
    /* The inner acquisition and release, which the wait gives back instead; see FORMAT.md. */
    assert_string_equal(got, "T0|acq(0x10)|1\nT0|rel(0x10)|1\nT0|w(0x40)|1\nT0|acq(0x18)|1\n"
                             "T0|w(0x40)|1\n");
    assert_int_equal(left_out, 9);
    free(got);
}

/* What lines mean. ----------------------------------------------------------------------------- */

static void test_waits_give_the_mutex_back(void **state)
{
    (void)state;
    assert_events("T1|acq(0x10)|1\nT1|wait_begin(0x20,0x10)|2\nT2|signal(0x20)|3\n"
                  "T1|wait_end(0x20,0x10)|4\n",
                  "T0 acquire mutex 0x10 v1 t=1\nT0 cond_wait 0x20 v1 mutex=0x10 t=2\n"
                  "T0 release mutex 0x10 v2 in_wait t=2\nT1 cond_signal 0x20 v2 t=3\n"
                  "T0 cond_wake 0x20 v3 t=4\nT0 acquire mutex 0x10 v3 in_wait t=4\n");
}

static void test_locks_say_who_holds_them(void **state)
{
    (void)state;
    assert_events("A|acq(0x10)|1\nA|acq(0x10)|1\nB|try_fail(0x10)|1\nB|req(0x10)|1\nA|rel(0x10)|1\n"
                  "A|rel(0x10)|1\nB|acq(0x10)|1\nA|rel(0x10)|1\nA|req(0x10)|1\n",
                  "T0 acquire mutex 0x10 v1 t=1\nT0 acquire mutex 0x10 v2 nested t=2\n"
                  "T1 try_fail mutex 0x10 v2 holder=T0 try t=3\n"
                  "T1 request mutex 0x10 v2 holder=T0 t=4\nT0 release mutex 0x10 v3 nested t=5\n"
                  "T0 release mutex 0x10 v4 t=6\nT1 acquire mutex 0x10 v5 contended t=7\n"
                  "T0 release mutex 0x10 v6 foreign t=8\nT0 request mutex 0x10 v6 t=9\n");
    /* One reader anywhere makes it a lock that has them. */
    assert_events("A|acq(0x10)|1\nA|rel(0x10)|1\nA|racq(0x10)|1\n",
                  "T0 acquire rwlock 0x10 v1 t=1\nT0 release rwlock 0x10 v2 t=2\n"
                  "T0 acquire rwlock 0x10 v3 shared t=3\n");
}

static void test_barriers_count_rounds(void **state)
{
    (void)state;
    assert_events("A|bar_enter(0x10)|1\nB|bar_enter(0x10)|1\nA|bar_exit(0x10)|1\n"
                  "B|bar_exit(0x10)|1\nA|bar_enter(0x10)|1\nA|bar_exit(0x10)|1\n",
                  "T0 barrier_enter 0x10 v1 t=1\nT1 barrier_enter 0x10 v2 t=2\n"
                  "T0 barrier_exit 0x10 v3 t=3\nT1 barrier_exit 0x10 v4 t=4\n"
                  "T0 barrier_enter 0x10 v5 t=5\nT0 barrier_exit 0x10 v6 round=1 t=6\n");
}

static void test_threads_that_run_on(void **state)
{
    (void)state;
    /* Forked when it runs, joined while it runs: no creation and no end, but the same order. */
    assert_events("B|w(0x1)|1\nA|fork(B)|1\nB|w(0x2)|1\nA|join(B)|1\nB|w(0x3)|1\n",
                  "T0 write 1 0x1 t=1\n"
                  "T1 happens_before annotation 0xc100000000000000 v1 t=2\n"
                  "T0 happens_after annotation 0xc100000000000000 v2 t=3\n"
                  "T0 write 1 0x2 t=3\n"
                  "T0 happens_before annotation 0xc100000000000001 v1 t=4\n"
                  "T1 happens_after annotation 0xc100000000000001 v2 t=4\nT0 write 1 0x3 t=5\n");
    /* Without a line of its own. */
    assert_events("A|fork(B)|1\nA|join(B)|2\n",
                  "T0 thread_create T1 t=1\nT1 thread_exit return t=2\nT0 join T1 t=2\n");
    assert_events("A|fork(A)|1\nA|join(A)|2\nA|begin|3\nA|end(x)|4\n",
                  "T0 happens_before annotation 0xc100000000000000 v1 t=1\n"
                  "T0 happens_after annotation 0xc100000000000000 v2 t=2\n"
                  "T0 happens_before annotation 0xc100000000000001 v1 t=2\n"
                  "T0 happens_after annotation 0xc100000000000001 v2 t=2\n");
}

static void test_names_get_addresses(void **state)
{
    (void)state;
    struct tr_xstd *x = xstd_of("T1|malloc(p,100)|1\nT1|w(x)|1\nT1|w128(y)|1\nT1|w4(100)|1\n"
                                "T1|r2(0x64)|1\nT1|w(z)|1\nT1|acq(x)|1\nT1|w4(p)|1\n");
    static const char *const names[] = {"p", "x", "y", NULL, NULL, "z", "x", "p"};
    static const uint64_t sizes[] = {100, 1, 128, 4, 2, 1};
    struct tr_event ev;
    struct sn_error err;
    uint64_t end = 0;
    size_t i = 0;
    while (tr_reader_next(tr_xstd_reader(x), &ev, &err) > 0) {
        if (ev.kind == TR_THREAD_START || ev.kind == TR_THREAD_NAME)
            continue;
        const char *name = tr_xstd_name(x, ev.object);
        if (names[i])
            assert_string_equal(name, names[i]);
        else
            assert_null(name);
        if (!names[i])
            assert_int_equal(ev.object, 100);
        else if (i < 6) { /* none reaches into the next */
            assert_true(ev.object >= end);
            end = ev.object + sizes[i];
        }
        i++;
    }
    assert_int_equal(i, 8);
    assert_int_equal(tr_xstd_lines(x), 8);
    assert_int_equal(tr_xstd_threads(x), 1);
    assert_int_equal(tr_xstd_locks(x), 1);
    assert_int_equal(tr_xstd_variables(x), 6);
    assert_string_equal(tr_xstd_thread_name(x, 0), "T1");
    assert_null(tr_xstd_name(x, 12345));
    assert_null(tr_xstd_name(x, UINT64_MAX));
    tr_xstd_close(x);
}

static void test_names_may_hold_commas_and_parentheses(void **state)
{
    (void)state;
    struct tr_xstd *x = xstd_of("T1|w(f(a,b))|1\nT1|st_rel(g(a,b),-5)|1\nT1|ld_acq(g(a,b),-5)|1\n");
    assert_int_equal(tr_xstd_variables(x), 2);
    tr_xstd_close(x);
}

/* Values. -------------------------------------------------------------------------------------- */

static void test_a_load_of_the_old_value_comes_before(void **state)
{
    (void)state;
    assert_events("A|w(0x8)|1\nA|st_rel(0x10,1)|1\nB|ld_acq(0x10,0)|1\nB|r(0x8)|1\n"
                  "B|ld_acq(0x10,1)|1\n",
                  "T0 write 1 0x8 t=1\nT1 atomic_load 1 0x10 v1 acquire t=3\n"
                  "T0 atomic_store 1 0x10 v2 release t=2\nT1 read 1 0x8 t=4\n"
                  "T1 atomic_load 1 0x10 v3 acquire t=5\n");
    assert_events("A|st_rlx(0x10,7)|1\nA|st_rlx(0x10,8)|1\nB|ld_rlx(0x10,7)|1\nC|ld_rlx(0x10,8)|1\n"
                  "B|ld_rlx(0x10,8)|1\n",
                  "T0 atomic_store 1 0x10 v1 relaxed t=1\nT1 atomic_load 1 0x10 v2 relaxed t=3\n"
                  "T0 atomic_store 1 0x10 v3 relaxed t=2\nT2 atomic_load 1 0x10 v4 relaxed t=4\n"
                  "T1 atomic_load 1 0x10 v5 relaxed t=5\n");
}

static void test_a_load_of_no_known_store(void **state)
{
    (void)state;
    assert_events("A|ld_acq(0x10,5)|1\nA|st_rel(0x10,?)|1\nA|ld_acq(0x10,?)|1\n"
                  "A|rmw_sc(0x10,1,2)|1\nA|rmw_sc(0x10,2,3)|1\n",
                  "T0 atomic_load 1 0x10 v0 acquire source_unknown t=1\n"
                  "T0 atomic_store 1 0x10 v1 release t=2\n"
                  "T0 atomic_load 1 0x10 v0 acquire source_unknown t=3\n"
                  "T0 atomic_rmw 1 0x10 v2 seq_cst source_unknown t=4\n"
                  "T0 atomic_rmw 1 0x10 v3 seq_cst t=5\n");
}

static void assert_refused(const char *text, int code, uint64_t offset, const char *reason)
{
    struct tr_xstd *x = NULL;
    struct sn_error err = {0};
    if (tr_xstd_open_memory(&x, text, strlen(text), &err) != code)
        fail_msg("%s: %s", text, err.text);
    assert_null(x);
    assert_string_equal(err.text, reason);
    assert_int_equal(err.offset, offset);
}

static void test_a_load_that_no_order_explains_is_refused(void **state)
{
    (void)state;
    assert_refused("A|st_rlx(f,1)|1\nA|st_rlx(f,2)|1\nA|ld_rlx(f,1)|1\n", SN_E_FORMAT, 32,
                   "line 3: this value was overwritten before, in every order");
    assert_refused("A|st_rlx(f,1)|1\nA|acq(l)|1\nA|rel(l)|1\nB|acq(l)|1\nB|ld_rlx(f,0)|1\n",
                   SN_E_FORMAT, 49, "line 5: this value was overwritten before, in every order");
    assert_refused("A|st_rlx(f,1)|1\nA|fork(B)|1\nB|ld_rlx(f,0)|1\nC|w(x)|1\n", SN_E_FORMAT, 28,
                   "line 3: this value was overwritten before, in every order");
}

static void test_values_alone(void **state)
{
    (void)state;
    struct tr_values values = {0};
    bool known;
    tr_values_store(&values, 8, 1, true);
    assert_true(tr_values_load(&values, 8, 0, true));
    assert_false(tr_values_load(&values, 8, 1, true));
    assert_false(tr_values_load(&values, 16, 0, true));
    tr_values_store(&values, 8, 0, true);
    assert_false(tr_values_load(&values, 8, 0, true));
    assert_false(tr_values_load(&values, 8, 3, true));
    tr_values_update(&values, 8, 0, true, 1, true);
    tr_values_update(&values, 8, 0, true, 9, true);
    assert_false(tr_values_load(&values, 8, 9, true));
    tr_values_settle(&values);
    static const struct {
        uint64_t location, version;
        bool known;
    } expected[] = {{8, 2, true}, {8, 1, true},  {8, 3, true}, {16, 1, true}, {8, 4, true},
                    {8, 5, true}, {8, 0, false}, {8, 6, true}, {8, 7, false}, {8, 8, true}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(tr_values_next(&values, expected[i].location, &known),
                         expected[i].version);
        assert_int_equal(known, expected[i].known);
    }
    tr_values_release(&values);
}

/* Faults. -------------------------------------------------------------------------------------- */

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } faults[] = {
        {"", "an empty line"},
        {"T0|w(x)", "three fields with | between them are expected: T0|w(x)"},
        {"T0|w(x)|1|", "three fields with | between them are expected: T0|w(x)|1|"},
        {"|w(x)|1", "the thread has no name: |w(x)|1"},
        {"T0|w()|1", "a name is missing"},
        {"T0|w(x y)|1", "a blank within a name: x y"},
        {"T0|wx(x)|1", "there is no such operation: wx"},
        {"T0|w256(x)|1", "there is no such operation: w256"},
        {"T0|(x)|1", "there is no such operation"},
        {"T0|w(x|1", "an operation such as w(NAME) is expected: w(x"},
        {"T0|w|1", "an operation such as w(NAME) is expected: w"},
        {"T0|w(x)|1x", "the location is not a whole number of 32 bits: 1x"},
        {"T0|w(x)|0x1", "the location is not a whole number of 32 bits: 0x1"},
        {"T0|w(x)|+-1", "the location is not a whole number of 32 bits: +-1"},
        {"T0|w(x)|2147483648", "the location is not a whole number of 32 bits: 2147483648"},
        {"T0|w(x)|1\r", "the line ends in CR LF, not in LF alone"},
        {"T0|fence_sc(x)|1", "nothing is expected in parentheses: x"},
        {"T0|st_rel(f)|1", "an operand is missing: f"},
        {"T0|st_rel(,1)|1", "a name is missing"},
        {"T0|st_rel(f,a)|1", "a value is a whole number, or ?: a"},
        {"T0|st_rel(f,9223372036854775808)|1",
         "a value is a whole number, or ?: 9223372036854775808"},
        {"T0|rmw_sc(1,2)|1", "an operand is missing: 1"},
        {"T0|malloc(p,-1)|1", "a number is expected: -1"},
        {"T0|malloc(p,)|1", "a number is expected"},
        {"T0|malloc(p,1073741825)|1", "a block of more than 1 GiB"},
        {"T0|block_begin(here)|1", "nothing that a call waits for: here"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[200], expected[200];
        snprintf(text, sizeof text, "T0|racq(L)|1\n%s\nT0|rel(L)|1\n", faults[i].line);
        snprintf(expected, sizeof expected, "line 2: %s", faults[i].reason);
        assert_refused(text, SN_E_FORMAT, 13, expected);
    }
    assert_refused("", SN_E_EMPTY, 0, "the trace is empty");
    struct tr_xstd *x;
    struct sn_error err;
    assert_int_equal(tr_xstd_open(&x, "/nonexistent", &err), SN_E_SYSTEM);
    assert_int_equal(tr_xstd_open(&x, "/", &err), SN_E_SYSTEM);
    assert_int_equal(tr_xstd_open(&x, "/dev/null", &err), SN_E_EMPTY);
}

static void test_looks_like(void **state)
{
    (void)state;
    static const char yes[] = "T0|w(x)|1\nT0|racq(x)|1\n", no[] = "T0|w(x)|1\nT0|acq(x)|1\n";
    assert_true(tr_xstd_looks_like(yes, sizeof yes - 1));
    assert_false(tr_xstd_looks_like(no, sizeof no - 1));
    assert_false(tr_xstd_looks_like("racq(x)", 7));
    assert_false(tr_xstd_looks_like("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_words_come_back),
        cmocka_unit_test(test_every_word_is_tested),
        cmocka_unit_test(test_plain_std_comes_back),
        cmocka_unit_test(test_what_std_has_no_word_for_is_counted),
        cmocka_unit_test(test_waits_give_the_mutex_back),
        cmocka_unit_test(test_locks_say_who_holds_them),
        cmocka_unit_test(test_barriers_count_rounds),
        cmocka_unit_test(test_threads_that_run_on),
        cmocka_unit_test(test_names_get_addresses),
        cmocka_unit_test(test_names_may_hold_commas_and_parentheses),
        cmocka_unit_test(test_a_load_of_the_old_value_comes_before),
        cmocka_unit_test(test_a_load_of_no_known_store),
        cmocka_unit_test(test_a_load_that_no_order_explains_is_refused),
        cmocka_unit_test(test_values_alone),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_looks_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
