/* SPDX-License-Identifier: Apache-2.0 */
/* Races of processes on shared memory: what orders them, and what does not. */
#include "analyzer/processes.h"

#include "trace_test.h"

#include <stdio.h>

enum { PROCESSES = 2 };

/* What the traces of two processes say, each mapping the same 64 bytes at a place of its own: how
 * many findings there are of both. STOPPED: they had to be, and of each alone something is told. */
static size_t tell(const char *first, const char *second, bool stopped, struct sn_report *report)
{
    static const char *const heads[] = {
        "T0 thread_start 0x1\nT0 shared_memory 0x1000 size=64 identity=0x5\n",
        "T0 thread_start 0x1\nT0 shared_memory 0x9000 size=64 identity=0x5\n",
    };
    const char *bodies[] = {first, second};
    struct trace traces[PROCESSES];
    struct tr_reader *readers[PROCESSES];
    uint32_t ids[PROCESSES];
    struct an_processes processes = {0};
    size_t begins;
    struct an_options options;
    struct sn_error err;
    an_options_default(&options);
    options.processes = &processes;
    options.timed_out = stopped;
    sn_report_init(report);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        char text[4096];
        snprintf(text, sizeof text, "#: pid %u\n%s%s", 10 + i, heads[i], bodies[i]);
        traces[i] = trace_of(text);
        readers[i] = trace_open(&traces[i]);
        ids[i] = i + 1;
        *vec_push(&report->processes) = (struct sn_process){.id = i + 1, .pid = 10 + (int)i};
        assert_int_equal(an_analyze(readers[i], report, &options, NULL, NULL, &err), 0);
        tr_reader_close(readers[i]);
        readers[i] = trace_open(&traces[i]);
    }
    assert_int_equal(report->findings.count, stopped ? PROCESSES : 0);
    assert_true(an_processes_shares(&processes, 1));
    assert_true(an_processes_shares(&processes, 2));
    assert_false(an_processes_shares(&processes, 3));
    assert_int_equal(an_processes_tell(readers, ids, PROCESSES, report, &options, &begins, &err),
                     0);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        tr_reader_close(readers[i]);
        trace_free(&traces[i]);
    }
    an_processes_release(&processes);
    return report->findings.count;
}

static void check(const char *first, const char *second, size_t count)
{
    struct sn_report report;
    assert_int_equal(tell(first, second, false, &report), count);
    sn_report_release(&report);
}

static void unordered_writes_race(void **state)
{
    (void)state;
    struct sn_report report;
    assert_int_equal(
        tell("T0 write 4 0x1008 [0x201] t=5\n", "T0 read 4 0x9008 [0x202] t=7\n", false, &report),
        1);
    const struct sn_finding *finding = report.findings.at[0];
    assert_int_equal(finding->kind, SN_DATA_RACE);
    assert_int_equal(finding->level, SN_POSSIBLE);
    assert_int_equal(finding->sites.count, 2);
    assert_int_equal(finding->sites.at[0].process, 1);
    assert_int_equal(finding->sites.at[0].role, SN_ROLE_WRITE);
    assert_int_equal(finding->sites.at[1].process, 2);
    assert_int_equal(finding->threads.count, 2);
    assert_int_equal(finding->variable->address, 0x1008);
    sn_report_release(&report);
}

static void others_do_not(void **state)
{
    (void)state;
    check("T0 read 4 0x1008 [0x201] t=5\n", "T0 read 4 0x9008 [0x202] t=7\n", 0);
    check("T0 write 4 0x1008 [0x201] t=5\n", "T0 write 4 0x900c [0x202] t=7\n", 0);
    /* The same address, but private memory. */
    check("T0 write 4 0x5000 [0x201] t=5\n", "T0 write 4 0x5000 [0x202] t=7\n", 0);
}

static void a_lock_of_both_orders(void **state)
{
    (void)state;
    check("T0 acquire mutex 0x1000 [0x1] t=5\nT0 write 4 0x1008 [0x201] t=5\n"
          "T0 release mutex 0x1000 [0x1] t=6\n",
          "T0 acquire mutex 0x9000 [0x1] t=7\nT0 write 4 0x9008 [0x202] t=7\n"
          "T0 release mutex 0x9000 [0x1] t=8\n",
          0);
}

static void a_private_lock_does_not(void **state)
{
    (void)state;
    check("T0 acquire mutex 0x5000 [0x1] t=5\nT0 write 4 0x1008 [0x201] t=5\n"
          "T0 release mutex 0x5000 [0x1] t=6\n",
          "T0 acquire mutex 0x5000 [0x1] t=7\nT0 write 4 0x9008 [0x202] t=7\n"
          "T0 release mutex 0x5000 [0x1] t=8\n",
          1);
}

static void a_fork_and_an_end_order(void **state)
{
    (void)state;
    const char *child = "T0 happens_after process 0x8400000000000007 t=6\n"
                        "T0 write 4 0x9008 [0x202] t=6\nT0 exit quick t=8\n";
    check("T0 write 4 0x1008 [0x201] t=5\nT0 happens_before process 0x8400000000000007 t=5\n",
          child, 0);
    check("T0 happens_before process 0x8400000000000007 t=5\n"
          "T0 happens_after process 0x8200000000000000 t=9\nT0 read 4 0x1008 [0x201] t=9\n",
          child, 0);
    check("T0 happens_before process 0x8400000000000007 t=5\nT0 read 4 0x1008 [0x201] t=9\n", child,
          1);
}

/* A load that may be atomic, before the store or behind it: the recorder tells one for many. */
static void a_flag_may_order(void **state)
{
    (void)state;
    const char *store = "T0 write 4 0x1008 [0x201] t=5\n"
                        "T0 atomic_store 4 0x1010 release [0x203] t=8\n";
    check(store, "T0 read 4 0x9010 may_be_atomic [0x204] t=6\nT0 write 4 0x9008 [0x202] t=9\n", 0);
    check(store, "T0 read 4 0x9010 may_be_atomic [0x204] t=9\nT0 write 4 0x9008 [0x202] t=9\n", 0);
    check(store, "T0 read 4 0x9018 may_be_atomic [0x204] t=9\nT0 write 4 0x9008 [0x202] t=9\n", 1);
}

static void memory_that_is_gone_is_private(void **state)
{
    (void)state;
    check("T0 free 0x1000 v1 size=4096 mapped [0x1] t=4\nT0 write 4 0x1008 [0x201] t=5\n",
          "T0 write 4 0x9008 [0x202] t=7\n", 0);
}

static void circles_replace_what_each_could_say(void **state)
{
    (void)state;
    struct sn_report report;
    assert_int_equal(tell("T0 acquire mutex 0x1000 [0x1] t=5\nT0 request mutex 0x1010 [0x2] t=8\n",
                          "T0 acquire mutex 0x9010 [0x3] t=6\nT0 request mutex 0x9000 [0x4] t=9\n",
                          true, &report),
                     1);
    const struct sn_finding *finding = report.findings.at[0];
    assert_int_equal(finding->kind, SN_DEADLOCK);
    assert_int_equal(finding->level, SN_OBSERVED);
    assert_int_equal(finding->sites.count, 4);
    assert_int_equal(finding->sites.at[0].process, 1);
    assert_int_equal(finding->sites.at[2].process, 2);
    sn_report_release(&report);
}

static void private_locks_make_no_circle(void **state)
{
    (void)state;
    struct sn_report report;
    assert_int_equal(tell("T0 acquire mutex 0x5000 [0x1] t=5\nT0 request mutex 0x5010 [0x2] t=8\n",
                          "T0 acquire mutex 0x5010 [0x3] t=6\nT0 request mutex 0x5000 [0x4] t=9\n",
                          true, &report),
                     PROCESSES);
    assert_int_equal(report.findings.at[0]->kind, SN_STUCK_THREAD);
    assert_int_equal(report.findings.at[1]->kind, SN_STUCK_THREAD);
    sn_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unordered_writes_race),
        cmocka_unit_test(others_do_not),
        cmocka_unit_test(a_lock_of_both_orders),
        cmocka_unit_test(a_private_lock_does_not),
        cmocka_unit_test(a_fork_and_an_end_order),
        cmocka_unit_test(a_flag_may_order),
        cmocka_unit_test(memory_that_is_gone_is_private),
        cmocka_unit_test(circles_replace_what_each_could_say),
        cmocka_unit_test(private_locks_make_no_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
