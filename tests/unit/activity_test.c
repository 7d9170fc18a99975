/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn of a run: spans, their sums, and the order of locks. */
#include "analyzer/analysis.h"
#include "finding/activity.h"

#include "trace_test.h"

#define THREADS                                                                                    \
    "#: tsc_hz 1000000000\n"                                                                       \
    "T0 thread_create T1 t=100\nT0 thread_create T2 t=100\n"                                       \
    "T1 thread_start parent=T0 t=110\nT2 thread_start parent=T0 t=120\n"

static struct sn_report report;

static const struct sn_activity *activity_of(const char *text, uint32_t spans)
{
    struct trace trace = trace_of(text);
    struct tr_reader *reader = trace_open(&trace);
    struct an_options options;
    struct sn_error err;
    an_options_default(&options);
    options.spans_drawn = spans;
    sn_report_init(&report);
    *vec_push(&report.processes) = (struct sn_process){.id = 1, .pid = 1};
    assert_int_equal(an_analyze(reader, &report, &options, NULL, NULL, &err), 0);
    tr_reader_close(reader);
    trace_free(&trace);
    return report.activities.count ? report.activities.at[0] : NULL;
}

/* The Nth span with ROLE, of thread number THREAD. */
static const struct sn_span *span_of(const struct sn_activity *activity, enum sn_role role,
                                     uint32_t thread, size_t n)
{
    vec_each (const struct sn_span, span, &activity->spans)
        if (activity->cast.sites.at[span->site].role == role &&
            activity->cast.threads.at[span->thread]->id == thread && n-- == 0)
            return span;
    fail_msg("there is no such span");
    return NULL;
}

static void check_span(const struct sn_span *span, uint64_t from, uint64_t until, uint32_t flags)
{
    assert_int_equal(span->from, from);
    assert_int_equal(span->until, until);
    assert_int_equal(span->flags, flags);
}

static void a_wait_names_who_gave_way(void **state)
{
    (void)state;
    const struct sn_activity *activity =
        activity_of(THREADS "T1 acquire mutex 0x6000 v1 t=200 [0x201]\n"
                            "T2 request mutex 0x6000 v1 holder=T1 t=250 [0x202]\n"
                            "T1 release mutex 0x6000 v2 t=300 [0x203]\n"
                            "T2 acquire mutex 0x6000 v3 contended t=260 [0x202]\n"
                            "T2 release mutex 0x6000 v4 t=420 [0x204]\n",
                    100);
    check_span(span_of(activity, SN_ROLE_HOLDS, 1, 0), 200, 300, 0);
    /* Its time is that of an earlier stamp, but it is behind the release. */
    check_span(span_of(activity, SN_ROLE_HOLDS, 2, 0), 300, 420, 0);
    const struct sn_span *wait = span_of(activity, SN_ROLE_WAITS, 2, 0);
    check_span(wait, 250, 300, 0);
    assert_int_equal(activity->cast.threads.at[wait->by]->id, 1);
    assert_int_equal(wait->handed, 300);
    assert_int_equal(activity->cast.sites.at[wait->site].lock, activity->cast.locks.at[0]->id);
    assert_int_equal(activity->spans.count, 3);
    assert_int_equal(activity->uses.count, 1);
    const struct sn_lock_use *use = &activity->uses.at[0];
    assert_int_equal(use->taken, 2);
    assert_int_equal(use->waits, 1);
    assert_int_equal(use->waited, 50);
    assert_int_equal(use->longest_wait, 50);
    assert_int_equal(use->held, 220);
    assert_int_equal(use->longest_hold, 120);
    assert_int_equal(use->bypassed, 0);
    assert_int_equal(activity->lives.at[2].waited, 50);
    assert_int_equal(activity->lives.at[2].held, 120);
    assert_int_equal(activity->lives.at[1].waits, 0);
    sn_report_release(&report);
}

static void what_is_not_over_is_open(void **state)
{
    (void)state;
    const struct sn_activity *activity =
        activity_of(THREADS "T1 acquire rwlock 0x6000 shared v1 t=200 [0x201]\n"
                            "T2 request rwlock 0x6000 v1 holder=T1 t=250 [0x202]\n"
                            "T0 alloc 0x9000 size=8 t=900\n",
                    100);
    check_span(span_of(activity, SN_ROLE_HOLDS, 1, 0), 200, 900, SN_SPAN_OPEN | SN_SPAN_SHARED);
    const struct sn_span *wait = span_of(activity, SN_ROLE_WAITS, 2, 0);
    check_span(wait, 250, 900, SN_SPAN_OPEN);
    assert_int_equal(wait->by, SN_NOBODY);
    assert_false(activity->lives.at[2].ended);
    assert_int_equal(activity->uses.at[0].shared, 1);
    sn_report_release(&report);
}

static void waits_end_in_other_ways(void **state)
{
    (void)state;
    const struct sn_activity *activity =
        activity_of(THREADS "T1 block_begin sleep timed t=200 [0x201]\n"
                            "T1 block_end sleep timed t=300\n"
                            "T2 request mutex 0x6000 v1 timed t=200 [0x202]\n"
                            "T2 try_fail mutex 0x6000 v1 timed timeout t=280 [0x202]\n"
                            "T1 thread_exit t=400\n"
                            "T0 join_request T1 t=150 [0x203]\nT0 join T1 [0x203]\n",
                    100);
    check_span(span_of(activity, SN_ROLE_SLEEPS, 1, 0), 200, 300, 0);
    check_span(span_of(activity, SN_ROLE_WAITS, 2, 0), 200, 280, SN_SPAN_GAVE_UP);
    const struct sn_span *join = span_of(activity, SN_ROLE_JOINS, 0, 0);
    check_span(join, 150, 400, 0);
    assert_int_equal(activity->cast.threads.at[join->by]->id, 1);
    assert_true(activity->lives.at[1].ended);
    assert_int_equal(activity->lives.at[1].until, 400);
    assert_int_equal(activity->lives.at[1].waits, 0); /* to sleep is none */
    sn_report_release(&report);
}

static void the_order_of_locks(void **state)
{
    (void)state;
    const struct sn_activity *activity =
        activity_of(THREADS "T1 acquire mutex 0x6000 v1 t=200 [0x201]\n"
                            "T1 acquire mutex 0x7000 v1 t=210 [0x202]\n"
                            "T1 release mutex 0x7000 v2\nT1 release mutex 0x6000 v2\n"
                            "T1 acquire mutex 0x6000 v3 t=220 [0x201]\n"
                            "T1 acquire mutex 0x7000 v3 t=230 [0x202]\n"
                            "T1 release mutex 0x7000 v4\nT1 release mutex 0x6000 v4\n",
                    100);
    assert_int_equal(activity->order.count, 1);
    const struct sn_lock_edge *edge = &activity->order.at[0];
    assert_int_equal(edge->count, 2);
    const struct sn_site *sites = activity->cast.sites.at;
    assert_int_equal(sites[edge->holds].role, SN_ROLE_HOLDS);
    assert_int_equal(sites[edge->takes].role, SN_ROLE_TAKES);
    assert_int_equal(sn_finding_lock(&activity->cast, sites[edge->holds].lock)->address, 0x6000);
    assert_int_equal(sn_finding_lock(&activity->cast, sites[edge->takes].lock)->address, 0x7000);
    sn_report_release(&report);
}

static void the_short_ones_go_first(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_text_puts(&text, THREADS);
    unsigned time = 1000;
    for (unsigned i = 1; i <= 40; i++) {
        unsigned length = i % 10 == 0 ? 100000 : 10 + i;
        sn_text_printf(&text, "T1 acquire mutex 0x6000 v%u t=%u [0x201]\n", 2 * i, time);
        sn_text_printf(&text, "T1 release mutex 0x6000 v%u t=%u [0x202]\n", 2 * i + 1,
                       time + length);
        time += length + 100;
    }
    const struct sn_activity *activity = activity_of(text.at, 10);
    assert_in_range(activity->spans.count, 4, 10);
    size_t longest = 0;
    vec_each (const struct sn_span, span, &activity->spans)
        longest += span->until - span->from == 100000;
    assert_int_equal(longest, 4);
    assert_int_equal(activity->spans.count + activity->spans_left_out, 40);
    assert_int_equal(activity->uses.at[0].taken, 40);
    sn_text_release(&text);
    sn_report_release(&report);
}

/* However short it is: in a deadlock that is what one looks for. */
static void what_is_open_stays(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_text_puts(&text, THREADS);
    for (unsigned i = 1; i <= 10; i++) {
        sn_text_printf(&text, "T1 acquire mutex 0x6000 v%u t=%u [0x201]\n", 2 * i, 1000 * i);
        sn_text_printf(&text, "T1 release mutex 0x6000 v%u t=%u [0x202]\n", 2 * i + 1,
                       1000 * i + 500);
    }
    sn_text_puts(&text, "T1 acquire mutex 0x7000 v1 t=20000 [0x203]\n"
                        "T2 request mutex 0x7000 v1 holder=T1 t=20001 [0x204]\n");
    const struct sn_activity *activity = activity_of(text.at, 10);
    assert_int_equal(span_of(activity, SN_ROLE_WAITS, 2, 0)->flags, SN_SPAN_OPEN);
    size_t open = 0;
    vec_each (const struct sn_span, span, &activity->spans)
        open += (span->flags & SN_SPAN_OPEN) != 0;
    assert_int_equal(open, 2);
    assert_true(activity->spans.count <= 10);
    sn_text_release(&text);
    sn_report_release(&report);
}

static void nobody_asked(void **state)
{
    (void)state;
    assert_null(activity_of(THREADS, 0));
    sn_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_names_who_gave_way), cmocka_unit_test(what_is_not_over_is_open),
        cmocka_unit_test(waits_end_in_other_ways),   cmocka_unit_test(the_order_of_locks),
        cmocka_unit_test(the_short_ones_go_first),   cmocka_unit_test(nobody_asked),
        cmocka_unit_test(what_is_open_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
