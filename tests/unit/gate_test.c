/* SPDX-License-Identifier: Apache-2.0 */
/* --fail-on, --baseline and the counts of the summary. */
#include "finding/gate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool gates(const char *list, enum sn_hazard kind, enum sn_level level,
                  enum sn_severity severity)
{
    struct sn_gate gate;
    struct sn_finding finding = {.kind = kind, .level = level, .severity = severity};
    if (list)
        assert_int_equal(sn_gate_parse(&gate, list, NULL), 0);
    else
        sn_gate_default(&gate);
    return sn_gate_applies(&gate, &finding);
}

static void test_default(void **state)
{
    (void)state;
    assert_true(gates(NULL, SN_DATA_RACE, SN_OBSERVED, SN_SEVERITY_ERROR));
    assert_true(gates(NULL, SN_THREAD_LEAK, SN_PREDICTED, SN_SEVERITY_WARNING));
    assert_false(gates(NULL, SN_DATA_RACE, SN_POSSIBLE, SN_SEVERITY_ERROR));
    assert_false(gates(NULL, SN_DATA_RACE, SN_OBSERVED, SN_SEVERITY_NOTE));
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(gates("possible", SN_DEADLOCK, SN_POSSIBLE, SN_SEVERITY_NOTE));
    assert_false(gates("possible", SN_DEADLOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    assert_true(gates("data-race,note", SN_DATA_RACE, SN_POSSIBLE, SN_SEVERITY_ERROR));
    assert_true(gates("data-race,note", SN_DEADLOCK, SN_OBSERVED, SN_SEVERITY_NOTE));
    assert_false(gates("data-race,note", SN_DEADLOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    assert_true(gates(" data-race , observed ", SN_DEADLOCK, SN_OBSERVED, SN_SEVERITY_NOTE));
    assert_true(gates("all", SN_LIVELOCK, SN_POSSIBLE, SN_SEVERITY_NOTE));
    assert_false(gates("none", SN_LIVELOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    /* From left to right: none forgets what came before it. */
    assert_false(gates("all,none", SN_LIVELOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    assert_true(gates("none,livelock", SN_LIVELOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    assert_false(gates("all,none,livelock", SN_DEADLOCK, SN_OBSERVED, SN_SEVERITY_ERROR));
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        assert_true(gates(sn_hazards[kind].id, kind, SN_POSSIBLE, SN_SEVERITY_NOTE));
}

static void test_unknown_words(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "observed,", ",observed", "race", "Observed", "all all"};
    struct sn_gate gate;
    struct sn_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(sn_gate_parse(&gate, bad[i], &err), SN_E_USAGE);
    assert_int_equal(sn_gate_parse(&gate, "observed,data-rice", &err), SN_E_USAGE);
    assert_non_null(strstr(err.text, "'data-rice'"));
    /* Every word that is known is listed, whatever the length of the unknown one. */
    char longest[200] = {0};
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(sn_gate_parse(&gate, longest, &err), SN_E_USAGE);
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        assert_non_null(strstr(err.text, sn_hazards[kind].id));
    assert_non_null(strstr(err.text, "predicted"));
    assert_non_null(strstr(err.text, "warning"));
    assert_non_null(strstr(err.text, "none"));
}

static void test_baseline_and_summary(void **state)
{
    (void)state;
    struct sn_report report, baseline;
    struct sn_gate gate;
    sn_report_init(&report);
    sn_report_init(&baseline);
    sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED)->id = "1:a";
    sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED)->id = "1:b";
    sn_report_add(&report, SN_DEADLOCK, SN_PREDICTED)->id = "1:c";
    sn_report_add(&report, SN_DEADLOCK, SN_POSSIBLE)->id = "1:d";
    sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED)->id = "1:e";
    sn_report_add(&report, SN_DEADLOCK, SN_POSSIBLE)->id = "1:g";
    report.findings.at[4]->status = SN_SUPPRESSED;
    sn_report_add(&baseline, SN_DATA_RACE, SN_OBSERVED)->id = "1:b";
    sn_report_add(&baseline, SN_DATA_RACE, SN_OBSERVED)->id = "1:e";
    sn_report_add(&baseline, SN_DATA_RACE, SN_OBSERVED)->id = "1:f";
    sn_report_add(&baseline, SN_DEADLOCK, SN_POSSIBLE)->id = "1:g";
    baseline.findings.at[3]->status = SN_SUPPRESSED;

    sn_report_apply_baseline(&report, &baseline);
    assert_int_equal(report.findings.at[0]->status, SN_NEW);
    assert_int_equal(report.findings.at[1]->status, SN_KNOWN);
    assert_int_equal(report.findings.at[4]->status, SN_SUPPRESSED);
    /* Nobody was told of it, and so it is not known. */
    assert_int_equal(report.findings.at[5]->status, SN_NEW);

    sn_gate_default(&gate);
    for (int twice = 0; twice < 2; twice++)
        sn_report_summarize(&report, &gate);
    assert_int_equal(report.observed, 2);
    assert_int_equal(report.predicted, 1);
    assert_int_equal(report.possible, 2);
    assert_int_equal(report.suppressed, 1);
    assert_int_equal(report.gated, 2);
    const bool gated[] = {true, false, true, false, false};
    for (size_t i = 0; i < sizeof gated / sizeof *gated; i++)
        assert_int_equal(report.findings.at[i]->gated, gated[i]);
    assert_int_equal(sn_gate_parse(&gate, "all", NULL), 0);
    sn_report_summarize(&report, &gate);
    assert_int_equal(report.gated, 4);
    sn_report_release(&report);
    sn_report_release(&baseline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_unknown_words),
        cmocka_unit_test(test_baseline_and_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
