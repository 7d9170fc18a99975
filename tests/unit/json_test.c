/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON report: every field of snarl-report/1 under its name, written and read again byte for
 * byte; names that are no UTF-8; and complaints that say where and what.
 */
#include "finding/json.h"

#include "base/utf8.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static struct sn_frame frames[] = {
    {.function = "shopper",
     .file = "garlic.c",
     .line = 12,
     .column = 9,
     .module = "a.out",
     .offset = 0x1234,
     .inlined = true},
    {.module = "libc.so.6", .offset = UINT64_MAX},
    {0},
};

/* A report in which nothing is left at its default. */
static void fill(struct sn_report *report)
{
    static const char *argv[] = {"./garlic", "10", ""};
    static const uint32_t held[] = {1, 2};
    static struct sn_thread main_thread = {.process = 1}, thread = {3, 1, "Olivia", {frames, 3}};
    static struct sn_lock lock = {.id = 1,
                                  .name = "pencil",
                                  .type = "mutex",
                                  .created_at = {frames, 1},
                                  .allocated_at = {frames, 2}};
    static struct sn_variable variable = {.name = "garlic_count",
                                          .size = 4,
                                          .place = "global",
                                          .declared_at = {.file = "garlic.c", .line = 3}};
    static const struct sn_suppressor by = {"ours.supp", 3, "statistics"};
    sn_report_init(report);
    report->argv = argv;
    report->argc = 3;
    report->pid = 42;
    report->signal = 9;
    report->timed_out = true;
    *vec_push(&report->processes) = (struct sn_process){1, 42, 0, argv, 3};
    *vec_push(&report->processes) = (struct sn_process){2, 43, 1, NULL, 0};
    *vec_push(&report->traces) = "snarl.garlic.42";
    report->complete = false;
    report->incomplete_reason = "cut";
    report->events = 20, report->accesses = 10, report->threads = 3, report->locks = 1;
    report->lost_events = 2;
    report->access_source = "tsan";
    report->seconds = 1.234567891;
    *vec_push(&report->coverage) = (struct sn_coverage){"a.out", "none", "stripped", 9, 8};
    *vec_push(&report->notes) = "accesses were not recorded";
    *vec_push(&report->suppressions) = (struct sn_suppression_use){
        {"ours.supp", 3, "statistics"}, "2027-01-31", true, "symbols are missing", 7};
    *vec_push(&report->suppressions) = (struct sn_suppression_use){{"", 0, NULL}, .findings = 0};
    report->observed = 1, report->predicted = 2, report->possible = 3;
    report->suppressed = 4, report->gated = 5;

    struct sn_finding *finding = sn_report_add(report, SN_DATA_RACE, SN_PREDICTED);
    finding->id = "1:0123456789abcdef";
    finding->severity = SN_SEVERITY_NOTE;
    finding->status = SN_KNOWN;
    finding->gated = true;
    finding->title = "data race on garlic_count";
    finding->explanation = "line\nline \"quoted\" \\ \x01";
    finding->reason = "reason";
    finding->depends_on = "1:fedcba9876543210";
    finding->count = UINT64_C(1) << 40;
    *vec_push(&finding->threads) = &main_thread;
    *vec_push(&finding->threads) = &thread;
    *vec_push(&finding->locks) = &lock;
    finding->variable = &variable;
    for (int role = 0; role < SN_ROLES; role++) {
        struct sn_site *site = sn_finding_site(finding, role, role % 2 ? 3 : 0);
        site->process = 1;
        site->lock = role % 2;
        site->locks_held = held;
        site->locks_held_count = role % 3;
        site->note = role % 2 ? "since 2 s" : NULL;
        site->stack = (struct sn_stack){frames, role % 4};
    }
    *vec_push(&finding->witness) = (struct sn_step){3, "lock pencil", frames[0]};
    *vec_push(&finding->witness) = (struct sn_step){0, "wants pencil", {0}};
    struct sn_finding *suppressed = sn_report_add(report, SN_DEADLOCK, SN_POSSIBLE);
    suppressed->id = "1:2";
    suppressed->status = SN_SUPPRESSED;
    suppressed->suppressed_by = &by;
}

static struct sn_text written(const struct sn_report *report)
{
    struct sn_text text = {0};
    sn_json_write(&text, report);
    return text;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct sn_report report, again;
    struct sn_error err = {0};
    fill(&report);
    struct sn_text first = written(&report);
    assert_int_equal(sn_json_parse(&again, first.at, first.length, &err), 0);
    struct sn_text second = written(&again);
    assert_string_equal(first.at, second.at);

    /* What JSON does not show by itself. */
    const struct sn_finding *finding = again.findings.at[0];
    assert_int_equal(again.exit_status, -1);
    assert_int_equal(again.signal, 9);
    assert_int_equal(finding->sites.count, SN_ROLES);
    assert_int_equal(finding->sites.at[2].stack.frames[1].offset, UINT64_MAX);
    assert_null(finding->sites.at[3].stack.frames[2].module);
    assert_int_equal(finding->sites.at[5].locks_held[1], 2);
    assert_int_equal(finding->process, 1);
    assert_int_equal(finding->count, UINT64_C(1) << 40);
    sn_text_release(&first);
    sn_text_release(&second);
    sn_report_release(&report);
    sn_report_release(&again);
}

static const json_t *at(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    if (!value)
        fail_msg("no field %s", key);
    return value;
}

static void check_string(const json_t *json, const char *key, const char *value)
{
    assert_string_equal(json_string_value(at(json, key)), value);
}

static void check_number(const json_t *json, const char *key, json_int_t value)
{
    assert_int_equal(json_integer_value(at(json, key)), value);
}

static void check_null(const json_t *json, const char *key)
{
    assert_true(json_is_null(at(json, key)));
}

static void check_frame(const json_t *frame)
{
    check_string(frame, "function", "shopper");
    check_string(frame, "file", "garlic.c");
    check_number(frame, "line", 12);
    check_number(frame, "column", 9);
    check_string(frame, "module", "a.out");
    check_string(frame, "offset", "0x1234");
    assert_true(json_is_true(at(frame, "inlined")));
}

static void check_recording(const json_t *recording)
{
    assert_int_equal(json_array_size(at(recording, "traces")), 1);
    assert_true(json_is_false(at(recording, "complete")));
    check_number(recording, "events", 20);
    check_number(recording, "accesses", 10);
    check_number(recording, "threads", 3);
    check_number(recording, "locks", 1);
    check_string(recording, "access_source", "tsan");
    assert_true(json_real_value(at(recording, "seconds")) == 1.23456789100);
    check_number(recording, "lost_events", 2);
    const json_t *coverage = json_array_get(at(recording, "coverage"), 0);
    check_string(coverage, "module", "a.out");
    check_string(coverage, "accesses", "none");
    check_number(coverage, "sites", 9);
    check_number(coverage, "covered", 8);
    check_string(coverage, "reason", "stripped");
}

static void check_suppressor(const json_t *by)
{
    check_string(by, "file", "ours.supp");
    check_number(by, "line", 3);
    check_string(by, "reason", "statistics");
}

static void check_suppressions(const json_t *document)
{
    const json_t *suppressions = at(document, "suppressions");
    assert_int_equal(json_array_size(suppressions), 2);
    const json_t *first = json_array_get(suppressions, 0),
                 *second = json_array_get(suppressions, 1);
    check_suppressor(first);
    check_string(first, "until", "2027-01-31");
    assert_true(json_is_true(at(first, "expired")));
    check_string(first, "untried", "symbols are missing");
    check_number(first, "findings", 7);
    check_null(second, "until");
    assert_true(json_is_false(at(second, "expired")));
    check_null(second, "untried");
    const json_t *suppressed = json_array_get(at(document, "findings"), 1);
    check_string(suppressed, "status", "suppressed");
    check_suppressor(at(suppressed, "suppressed_by"));
}

static void check_finding(const json_t *finding)
{
    check_null(finding, "suppressed_by");
    check_string(finding, "id", "1:0123456789abcdef");
    check_string(finding, "kind", "data-race");
    check_string(finding, "level", "predicted");
    check_string(finding, "severity", "note");
    check_string(finding, "status", "known");
    check_string(finding, "title", "data race on garlic_count");
    check_string(finding, "reason", "reason");
    check_string(finding, "depends_on", "1:fedcba9876543210");
    check_number(finding, "count", (json_int_t)1 << 40);
    const json_t *thread = json_array_get(at(finding, "threads"), 1);
    check_number(thread, "id", 3);
    check_number(thread, "process", 1);
    check_string(thread, "name", "Olivia");
    check_frame(json_array_get(at(thread, "created_at"), 0));
    const json_t *lock = json_array_get(at(finding, "locks"), 0);
    check_number(lock, "id", 1);
    check_string(lock, "name", "pencil");
    check_string(lock, "type", "mutex");
    check_frame(json_array_get(at(lock, "created_at"), 0));
    const json_t *variable = at(finding, "variable");
    check_string(variable, "name", "garlic_count");
    check_number(variable, "size", 4);
    check_string(variable, "place", "global");
    check_string(at(variable, "declared_at"), "file", "garlic.c");
    const json_t *site = json_array_get(at(finding, "sites"), SN_ROLE_WAITS);
    check_string(site, "role", "waits");
    check_number(site, "thread", 0);
    assert_int_equal(json_array_size(at(site, "locks_held")), SN_ROLE_WAITS % 3);
    const json_t *step = json_array_get(at(finding, "witness"), 0);
    check_number(step, "thread", 3);
    check_string(step, "what", "lock pencil");
    check_frame(at(step, "at"));
}

static void test_fields(void **state)
{
    (void)state;
    struct sn_report report;
    fill(&report);
    struct sn_text text = written(&report);
    json_t *json = json_loadb(text.at, text.length, 0, NULL);
    assert_non_null(json);
    check_string(json, "schema", "snarl-report/1");
    check_string(json, "snarl", SNARL_VERSION);
    const json_t *program = at(json, "program");
    assert_int_equal(json_array_size(at(program, "argv")), 3);
    check_number(program, "pid", 42);
    check_null(program, "exit_status");
    check_number(program, "signal", 9);
    assert_true(json_is_true(at(program, "timed_out")));
    const json_t *processes = at(json, "processes");
    check_null(json_array_get(processes, 0), "parent");
    check_number(json_array_get(processes, 1), "parent", 1);
    check_number(json_array_get(processes, 1), "id", 2);
    check_number(json_array_get(processes, 1), "pid", 43);
    check_recording(at(json, "recording"));
    check_finding(json_array_get(at(json, "findings"), 0));
    check_suppressions(json);
    const json_t *summary = at(json, "summary");
    check_number(summary, "observed", 1);
    check_number(summary, "predicted", 2);
    check_number(summary, "possible", 3);
    check_number(summary, "suppressed", 4);
    check_number(summary, "gated", 5);

    /* Nothing applies to the second finding. */
    const json_t *empty = json_array_get(at(json, "findings"), 1);
    check_null(empty, "title");
    check_null(empty, "reason");
    check_null(empty, "depends_on");
    check_null(empty, "variable");
    assert_int_equal(json_array_size(at(empty, "sites")), 0);
    json_decref(json);
    sn_text_release(&text);

    report.signal = 0;
    report.exit_status = 66;
    text = written(&report);
    assert_non_null(strstr(text.at, "\"exit_status\": 66"));
    assert_non_null(strstr(text.at, "\"signal\": null"));
    sn_text_release(&text);
    sn_report_release(&report);
}

static void test_names_that_are_no_utf8(void **state)
{
    (void)state;
    struct sn_report report, again;
    fill(&report);
    report.findings.at[0]->title = "caf\xc3\xa9 \xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xe2\x82";
    struct sn_text text = written(&report);
    assert_int_equal(sn_json_parse(&again, text.at, text.length, NULL), 0);
    const char *title = again.findings.at[0]->title;
    assert_memory_equal(title, "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd", 12);
    for (const char *c = title; *c; c += sn_utf8_decode(c, NULL))
        assert_true(sn_utf8_decode(c, NULL) > 0);
    sn_text_release(&text);
    sn_report_release(&report);
    sn_report_release(&again);
}

static void check_trouble(const char *json, int code, const char *what)
{
    struct sn_report report;
    struct sn_error err = {0};
    assert_int_equal(sn_json_parse(&report, json, strlen(json), &err), code);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, what))
        fail_msg("\"%s\" does not say \"%s\"", err.text, what);
    sn_report_release(&report);
}

static void check_finding_trouble(const char *field, const char *what)
{
    char json[512];
    snprintf(json, sizeof json,
             "{\"schema\": \"snarl-report/1\", \"findings\": [{\"id\": \"1:a\", \"kind\": "
             "\"data-race\", \"level\": \"observed\"}, {\"id\": \"1:b\", \"kind\": "
             "\"data-race\", \"level\": \"observed\", %s}]}",
             field);
    check_trouble(json, SN_E_FORMAT, what);
}

static void test_troubles(void **state)
{
    (void)state;
    check_trouble("", SN_E_EMPTY, "empty");
    check_trouble("garlic", SN_E_FORMAT, "no JSON");
    check_trouble("[]", SN_E_FORMAT, "document: expected an object");
    check_trouble("{}", SN_E_FORMAT, "schema: not a report");
    check_trouble("{\"schema\": 1}", SN_E_FORMAT, "schema: expected a string");
    check_trouble("{\"schema\": \"snarl-report/2\"}", SN_E_VERSION, "schema: ");
    check_trouble("{\"schema\": \"snarl-diff/1\"}", SN_E_FORMAT, "schema: not a report");
    check_trouble("{\"schema\": \"snarl-report/1\"}", SN_E_FORMAT, "findings: is missing");
    check_trouble("{\"schema\": \"snarl-report/1\", \"findings\": {}}", SN_E_FORMAT,
                  "findings: expected an array");
    check_trouble("{\"schema\": \"snarl-report/1\", \"findings\": [null]}", SN_E_FORMAT,
                  "findings[0]: expected an object");
    check_trouble("{\"schema\": \"snarl-report/1\", \"findings\": [{}]}", SN_E_FORMAT,
                  "findings[0].kind: is missing");
    check_trouble(
        "{\"schema\": \"snarl-report/1\", \"findings\": [], \"program\": {\"argv\": [1]}}",
        SN_E_FORMAT, "program.argv[0]: expected a string");
    check_trouble("{\"schema\": \"snarl-report/1\", \"findings\": [], \"recording\": "
                  "{\"seconds\": true}}",
                  SN_E_FORMAT, "recording.seconds: expected a number");
    check_trouble("{\"schema\": \"snarl-report/1\", \"findings\": [], \"recording\": "
                  "{\"events\": -1}}",
                  SN_E_FORMAT, "recording.events: the number is out of range");
    check_finding_trouble("\"kind\": \"data-rice\"", "findings[1].kind: a word");
    check_finding_trouble("\"id\": null", "findings[1].id: is missing");
    check_finding_trouble("\"id\": \"\"", "findings[1].id: is missing");
    check_trouble("\033[2J", SN_E_FORMAT, "'?'");
    check_finding_trouble("\"level\": 3", "findings[1].level: expected a string");
    check_finding_trouble("\"sites\": [{}]", "findings[1].sites[0].role: is missing");
    check_finding_trouble("\"sites\": [{\"role\": \"eats\"}]", "findings[1].sites[0].role: a word");
    check_finding_trouble("\"sites\": [{\"role\": \"read\", \"locks_held\": [1, \"a\"]}]",
                          "findings[1].sites[0].locks_held[1]: expected the id");
    check_finding_trouble("\"sites\": [{\"role\": \"read\", \"stack\": [{\"line\": 4294967296}]}]",
                          "findings[1].sites[0].stack[0].line: the number is out of range");
    check_finding_trouble("\"sites\": [{\"role\": \"read\", \"stack\": [{\"inlined\": 1}]}]",
                          "findings[1].sites[0].stack[0].inlined: expected true or false");
    static const char *const offsets[] = {"", "0x", "1234", "0x-1", "0xg", "0x11112222333344445"};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        char field[128];
        snprintf(field, sizeof field, "\"variable\": {\"declared_at\": {\"offset\": \"%s\"}}",
                 offsets[i]);
        check_finding_trouble(field, "findings[1].variable.declared_at.offset: expected a number");
    }
}

static void test_place_of_trouble(void **state)
{
    (void)state;
    static const char json[] = "{\"schema\": \"snarl-report/1\", \"findings\": [}";
    struct sn_report report;
    struct sn_error err;
    assert_int_equal(sn_json_parse(&report, json, strlen(json), &err), SN_E_FORMAT);
    assert_int_equal(err.offset, strlen(json));
    sn_report_release(&report);
    assert_int_equal(sn_json_parse(&report, json, 12, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 12);
    sn_report_release(&report);
}

/* Cut anywhere, a report is no report, and nothing worse. */
static void test_cut(void **state)
{
    (void)state;
    struct sn_report report, again;
    struct sn_error err;
    fill(&report);
    struct sn_text text = written(&report);
    for (size_t size = 0; size + 2 < text.length; size += 7) {
        assert_true(sn_json_parse(&again, text.at, size, &err) < 0);
        assert_true(size == 0 || err.offset <= size);
        sn_report_release(&again);
    }
    sn_text_release(&text);
    sn_report_release(&report);
}

static void test_deep_nesting(void **state)
{
    (void)state;
    size_t depth = 1000000;
    char *deep = sn_malloc(depth);
    memset(deep, '[', depth);
    struct sn_report report;
    struct sn_error err;
    assert_int_equal(sn_json_parse(&report, deep, depth, &err), SN_E_FORMAT);
    assert_non_null(strstr(err.text, "depth"));
    sn_report_release(&report);
    free(deep);
}

static void test_unknown_fields(void **state)
{
    (void)state;
    static const char json[] = "{\"schema\": \"snarl-report/1\", \"weather\": {\"rain\": [1]}, "
                               "\"findings\": [{\"id\": \"1:a\", \"kind\": \"deadlock\", "
                               "\"level\": \"possible\", \"mood\": null}]}";
    struct sn_report report;
    assert_int_equal(sn_json_parse(&report, json, strlen(json), NULL), 0);
    assert_int_equal(report.findings.count, 1);
    assert_int_equal(report.findings.at[0]->severity, SN_SEVERITY_ERROR);
    assert_int_equal(report.findings.at[0]->count, 1);
    sn_report_release(&report);
}

static void test_files(void **state)
{
    (void)state;
    struct sn_report report;
    struct sn_error err;
    char message[1024];
    assert_int_equal(sn_json_read(&report, "no/such/file.json", &err), SN_E_SYSTEM);
    assert_string_equal(sn_error_format(&err, message, sizeof message),
                        "no/such/file.json: cannot open it: No such file or directory");
    sn_report_release(&report);
    assert_int_equal(sn_json_read(&report, "/", NULL), SN_E_SYSTEM);
    sn_report_release(&report);
    assert_int_equal(sn_json_read(&report, "/dev/null", &err), SN_E_EMPTY);
    sn_report_release(&report);

    char path[] = "json-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "{\"schema\"", 9), 9);
    close(fd);
    assert_int_equal(sn_json_read(&report, path, &err), SN_E_FORMAT);
    assert_string_equal(err.path, path);
    assert_int_equal(err.offset, 9);
    sn_report_release(&report);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_names_that_are_no_utf8),
        cmocka_unit_test(test_troubles),
        cmocka_unit_test(test_place_of_trouble),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
