/* SPDX-License-Identifier: Apache-2.0 */
/* A history in an SQLite file: what a sequence of runs makes of a finding, and whose file it is. */
#include "history/history.h"

#include "history/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/history_test.%d.db", (int)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

/* Adds a run at TIME with a finding for each character of IDS; returns its number. */
static int64_t add(const char *ids, struct sn_history_run run)
{
    struct sn_history history;
    struct sn_report report;
    struct sn_error err;
    static int runs;
    char bytes[24];
    sn_report_init(&report);
    for (; *ids; ids++) {
        struct sn_finding *finding = sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED);
        finding->id = sn_sprintf(&report.arena, "1:%c", *ids);
        finding->title = "on it";
    }
    int size = snprintf(bytes, sizeof bytes, "%d", ++runs);
    struct sn_history_report input = {"it.json", bytes, (size_t)size, &report, 0};
    run.label = run.label ? run.label : "";
    assert_int_equal(sn_history_open(&history, path, true, &err), 0);
    assert_int_equal(sn_history_add(&history, &run, &input, 1, &err), 0);
    assert_int_equal(input.known_in, 0);
    sn_history_close(&history);
    sn_report_release(&report);
    return run.id;
}

/* "a:flaky:2/3 b:gone:1/9": the findings by id. */
static void expect(const struct sn_history_filter *filter, const char *wanted)
{
    struct sn_history history;
    struct sn_history_findings findings = {0};
    struct sn_error err;
    struct sn_text text = {0};
    assert_int_equal(sn_history_open(&history, path, false, &err), 0);
    assert_int_equal(sn_history_findings(&history, filter, &findings, &err), 0);
    sn_text_puts(&text, "");
    for (char id = 'a'; id <= 'z'; id++)
        vec_each (const struct sn_history_finding, finding, &findings)
            if (finding->id[2] == id)
                sn_text_printf(&text, "%s%c:%s:%d/%d", text.length ? " " : "", id,
                               sn_history_state_name(finding->state), (int)finding->seen,
                               (int)finding->runs);
    assert_string_equal(text.at, wanted);
    sn_text_release(&text);
    vec_release(&findings);
    sn_history_close(&history);
}

static const struct sn_history_filter all = {0};

static void test_states(void **state)
{
    (void)state;
    assert_int_equal(add("abc", (struct sn_history_run){.time = 1}), 1);
    expect(&all, "a:steady:1/1 b:steady:1/1 c:steady:1/1");
    assert_int_equal(add("ab", (struct sn_history_run){.time = 2}), 2);
    expect(&all, "a:steady:2/2 b:steady:2/2 c:missing:1/2");
    add("acd", (struct sn_history_run){.time = 3});
    expect(&all, "a:steady:3/3 b:missing:2/3 c:flaky:2/3 d:steady:1/1");
    for (int i = 0; i < 4; i++)
        add("a", (struct sn_history_run){.time = 4});
    /* b was in 2 of 2: five times 1 - 2/3 by chance is 0.4 %; d in 1 of 1: 1/2 four times is not;
     * c in 2 of 3: nor is that. */
    expect(&all, "a:steady:7/7 b:gone:2/7 c:flaky:2/7 d:missing:1/5");
    for (int i = 0; i < 3; i++)
        add("a", (struct sn_history_run){.time = 4});
    expect(&all, "a:steady:10/10 b:gone:2/10 c:gone:2/10 d:gone:1/8");
    add("b", (struct sn_history_run){.time = 5});
    expect(&all, "a:missing:10/11 b:flaky:3/11 c:gone:2/11 d:gone:1/9");
}

static void test_one_broken_run_makes_nothing_gone(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++)
        add("a", (struct sn_history_run){.time = 1});
    add("", (struct sn_history_run){.time = 2});
    add("", (struct sn_history_run){.time = 2});
    expect(&all, "a:missing:200/202");
    add("", (struct sn_history_run){.time = 2});
    expect(&all, "a:gone:200/203");
}

static void test_filters(void **state)
{
    (void)state;
    add("ab", (struct sn_history_run){.time = 10, .branch = "main", .label = "unit"});
    add("c", (struct sn_history_run){.time = 20, .branch = "fix", .label = "unit"});
    add("d", (struct sn_history_run){.time = 30, .branch = "main", .label = "nightly"});
    add("a", (struct sn_history_run){.time = 40, .branch = "main", .label = "unit"});
    /* The nightly run does not count for what the unit tests find. */
    expect(&all, "a:flaky:2/3 b:missing:1/3 c:missing:1/2 d:steady:1/1");
    expect(&(struct sn_history_filter){.branch = "main"},
           "a:steady:2/2 b:missing:1/2 d:steady:1/1");
    expect(&(struct sn_history_filter){.label = "nightly"}, "d:steady:1/1");
    expect(&(struct sn_history_filter){.since = 20}, "a:steady:1/1 c:missing:1/2 d:steady:1/1");
    expect(&(struct sn_history_filter){.since = 41}, "");
    expect(&(struct sn_history_filter){.branch = "main' OR '1' = '1"}, "");
    expect(&(struct sn_history_filter){.states = SN_FLAKY}, "a:flaky:2/3");
    expect(&(struct sn_history_filter){.states = SN_FLAKY | SN_STEADY}, "a:flaky:2/3 d:steady:1/1");
    expect(&(struct sn_history_filter){.kinds = 1u << SN_DEADLOCK}, "");
    expect(&(struct sn_history_filter){.kinds = 1u << SN_DATA_RACE, .states = SN_STEADY},
           "d:steady:1/1");
    add("a", (struct sn_history_run){.time = 50, .branch = "main", .label = "nightly"});
    expect(&all, "a:flaky:3/4 b:missing:1/3 c:missing:1/2 d:missing:1/2");
}

static void test_runs(void **state)
{
    (void)state;
    struct sn_history history;
    struct sn_history_runs runs = {0};
    struct sn_history_sightings sightings = {0};
    struct sn_error err;
    add("ab", (struct sn_history_run){.time = 10, .commit = "c1"});
    add("", (struct sn_history_run){.time = 20});
    add("bc", (struct sn_history_run){.time = 30, .commit = "it's \xff \"$1\""});
    assert_int_equal(sn_history_open(&history, path, false, &err), 0);
    assert_int_equal(sn_history_runs(&history, &all, &runs, &err), 0);
    assert_int_equal(runs.count, 3);
    assert_int_equal(runs.at[0].id, 3);
    assert_int_equal(runs.at[0].time, 30);
    assert_string_equal(runs.at[0].commit, "it's \xef\xbf\xbd \"$1\"");
    assert_int_equal(runs.at[0].findings, 2);
    assert_int_equal(runs.at[0].fresh, 1);
    assert_int_equal(runs.at[1].findings, 0);
    assert_null(runs.at[1].commit);
    assert_null(runs.at[1].branch);
    assert_string_equal(runs.at[1].label, "");
    assert_int_equal(runs.at[2].fresh, 2);
    assert_int_equal(runs.at[2].reports, 1);
    assert_int_equal(sn_history_sightings(&history, "1:b", &all, &sightings, &err), 0);
    assert_int_equal(sightings.count, 2);
    assert_int_equal(sightings.at[0].run.id, 3);
    assert_int_equal(sightings.at[1].run.id, 1);
    assert_string_equal(sightings.at[1].level, "observed");
    vec_release(&runs);
    vec_release(&sightings);
    sn_history_close(&history);
}

/* Changes the file behind the history's back. */
static void run_sql(const char *sql)
{
    struct sn_store *store;
    struct sn_error err;
    assert_int_equal(sn_store_open(&store, path, true, &err), 0);
    assert_int_equal(sn_store_run(store, sql, NULL, 0, NULL, NULL, &err), 0);
    sn_store_close(store);
}

static void expect_refused(bool create, int code, const char *words)
{
    struct sn_history history;
    struct sn_error err = {0};
    assert_int_equal(sn_history_open(&history, path, create, &err), code);
    assert_non_null(strstr(err.text, words));
    assert_string_equal(err.path, path);
    sn_history_close(&history);
}

static void test_versions(void **state)
{
    (void)state;
    expect_refused(false, SN_E_SYSTEM, "No such file");
    add("a", (struct sn_history_run){.time = 1});
    run_sql("UPDATE snarl_history SET version = 99");
    expect_refused(true, SN_E_VERSION, "version 99");
    expect_refused(false, SN_E_VERSION, "version 99");
    run_sql("DELETE FROM snarl_history");
    expect_refused(true, SN_E_FORMAT, "lost its version");
    unlink(path);
    /* Of version 0 there is only the version. */
    run_sql("CREATE TABLE snarl_history (version BIGINT NOT NULL)");
    run_sql("INSERT INTO snarl_history VALUES (0)");
    expect_refused(false, SN_E_VERSION, "earlier snarl");
    assert_int_equal(add("a", (struct sn_history_run){.time = 1}), 1);
    expect(&all, "a:steady:1/1");
}

static void test_other_files(void **state)
{
    (void)state;
    run_sql("CREATE TABLE somebody (els INTEGER)");
    expect_refused(true, SN_E_FORMAT, "something else");
    expect_refused(false, SN_E_FORMAT, "something else");
    unlink(path);
    FILE *file = fopen(path, "w");
    fclose(file);
    expect_refused(false, SN_E_EMPTY, "no history");
    file = fopen(path, "w");
    fputs("no database at all, though it is longer than a header of one would have to be "
          "so that it might have been taken for a file that somebody has cut short",
          file);
    fclose(file);
    expect_refused(true, SN_E_FORMAT, "no SQLite database");
}

static void test_nothing_of_an_aborted_run(void **state)
{
    (void)state;
    struct sn_history history;
    struct sn_report report;
    struct sn_error err;
    char *endless = sn_calloc(1, 1000);
    add("a", (struct sn_history_run){.time = 1});
    sn_report_init(&report);
    sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED)->id = "1:b";
    sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED)->id = memset(endless, 'x', 999);
    struct sn_history_report input = {"it.json", "x", 1, &report, 0};
    struct sn_history_run run = {.time = 2, .label = ""};
    assert_int_equal(sn_history_open(&history, path, true, &err), 0);
    assert_int_equal(sn_history_add(&history, &run, &input, 1, &err), SN_E_LIMIT);
    assert_non_null(strstr(err.text, "findings[1].id"));
    assert_string_equal(err.path, "it.json");
    sn_history_close(&history);
    sn_report_release(&report);
    free(endless);
    expect(&all, "a:steady:1/1");
    assert_int_equal(add("a", (struct sn_history_run){.time = 3}), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_states),
        TEST(test_one_broken_run_makes_nothing_gone),
        TEST(test_filters),
        TEST(test_runs),
        TEST(test_versions),
        TEST(test_other_files),
        TEST(test_nothing_of_an_aborted_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
