/* SPDX-License-Identifier: Apache-2.0 */
/* What is new, fixed and unchanged between two reports, as a model, as JSON and as text. */
#include "finding/diff.h"

#include "finding/json.h"
#include "report/renderer.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sn_frame place = {.function = "shopper", .file = "garlic.c", .line = 11};

static void add(struct sn_report *report, const char *id, const char *title)
{
    struct sn_finding *finding = sn_report_add(report, SN_DATA_RACE, SN_OBSERVED);
    finding->id = id;
    finding->title = title;
    for (uint32_t thread = 1; thread <= 2; thread++)
        sn_finding_site(finding, SN_ROLE_WRITE, thread)->stack = (struct sn_stack){&place, 1};
}

static int set_up(void **state)
{
    struct sn_report *reports = sn_calloc(2, sizeof *reports);
    sn_report_init(&reports[0]);
    sn_report_init(&reports[1]);
    add(&reports[0], "1:a", "on a");
    add(&reports[0], "1:b", "on b");
    add(&reports[1], "1:b", "on b, now");
    add(&reports[1], "1:c", "on \033c");
    add(&reports[1], "1:d", NULL);
    *state = reports;
    return 0;
}

static int tear_down(void **state)
{
    struct sn_report *reports = *state;
    sn_report_release(&reports[0]);
    sn_report_release(&reports[1]);
    free(reports);
    return 0;
}

static void test_model(void **state)
{
    const struct sn_report *reports = *state;
    struct sn_diff diff;
    sn_diff_init(&diff, &reports[0], &reports[1]);
    assert_int_equal(diff.added.count, 2);
    assert_string_equal(diff.added.at[0]->id, "1:c");
    assert_string_equal(diff.added.at[1]->id, "1:d");
    assert_int_equal(diff.fixed.count, 1);
    assert_string_equal(diff.fixed.at[0]->id, "1:a");
    assert_int_equal(diff.unchanged.count, 1);
    assert_string_equal(diff.unchanged.at[0]->title, "on b, now");
    sn_diff_release(&diff);

    sn_diff_init(&diff, &reports[1], &reports[1]);
    assert_int_equal(diff.added.count + diff.fixed.count, 0);
    assert_int_equal(diff.unchanged.count, 3);
    sn_diff_release(&diff);
}

static void test_json(void **state)
{
    const struct sn_report *reports = *state;
    struct sn_diff diff;
    struct sn_text text = {0};
    sn_diff_init(&diff, &reports[0], &reports[1]);
    sn_json_write_diff(&text, &diff);
    json_t *json = json_loadb(text.at, text.length, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "schema")), "snarl-diff/1");
    assert_int_equal(json_array_size(json_object_get(json, "new")), 2);
    assert_int_equal(json_array_size(json_object_get(json, "unchanged")), 1);
    const json_t *fixed = json_array_get(json_object_get(json, "fixed"), 0);
    assert_string_equal(json_string_value(json_object_get(fixed, "id")), "1:a");
    json_decref(json);

    /* It is no report, and is not taken for one. */
    struct sn_report report;
    assert_int_equal(sn_json_parse(&report, text.at, text.length, NULL), SN_E_FORMAT);
    sn_report_release(&report);
    sn_text_release(&text);
    sn_diff_release(&diff);
}

static void test_text(void **state)
{
    const struct sn_report *reports = *state;
    struct sn_diff diff;
    struct sn_text text = {0};
    sn_diff_init(&diff, &reports[0], &reports[1]);
    sn_render_diff(&text, &diff, &reports[1], &(struct sn_render_options){0});
    assert_string_equal(text.at, "new: error: on \\x1bc [data-race, observed]\n"
                                 "    garlic.c:11, id 1:c\n"
                                 "new: error: data-race [data-race, observed]\n"
                                 "    garlic.c:11, id 1:d\n"
                                 "fixed: error: on a [data-race, observed]\n"
                                 "    garlic.c:11, id 1:a\n"
                                 "snarl: 2 new, 1 fixed, 1 unchanged\n");
    sn_text_clear(&text);
    sn_render_diff(&text, &diff, &reports[1], &(struct sn_render_options){.verbose = true});
    assert_non_null(strstr(text.at, "unchanged: error: on b, now [data-race, observed]\n"));
    sn_text_release(&text);
    sn_diff_release(&diff);
}

/* What is suppressed is told apart; what was suppressed is new when it no longer is. */
static void test_suppressed(void **state)
{
    struct sn_report *reports = *state;
    struct sn_diff diff;
    struct sn_text text = {0};
    reports[0].findings.at[0]->status = SN_SUPPRESSED; /* a: gone */
    reports[0].findings.at[1]->status = SN_SUPPRESSED; /* b: still there, and told */
    reports[1].findings.at[1]->status = SN_SUPPRESSED; /* c */
    *vec_push(&reports[1].suppressions) =
        (struct sn_suppression_use){.by = {"a.supp", 3, "why"}, .findings = 1};
    *vec_push(&reports[1].suppressions) = (struct sn_suppression_use){.by = {"a.supp", 7, "no"}};
    sn_diff_init(&diff, &reports[0], &reports[1]);
    assert_int_equal(diff.added.count, 2);
    assert_string_equal(diff.added.at[0]->id, "1:b");
    assert_string_equal(diff.added.at[1]->id, "1:d");
    assert_int_equal(diff.fixed.count, 0);
    assert_int_equal(diff.unchanged.count, 0);
    assert_int_equal(diff.suppressed.count, 1);
    assert_string_equal(diff.suppressed.at[0]->id, "1:c");

    sn_render_diff(&text, &diff, &reports[1], &(struct sn_render_options){0});
    assert_non_null(strstr(text.at, "\nsnarl: note: 1 suppression matched nothing: a.supp:7\n"
                                    "snarl: 2 new, 0 fixed, 0 unchanged, 1 suppressed\n"));
    assert_null(strstr(text.at, "1:c"));
    sn_text_clear(&text);
    sn_render_diff(&text, &diff, &reports[1], &(struct sn_render_options){.verbose = true});
    assert_non_null(strstr(text.at, "suppressed: error: on \\x1bc [data-race, observed]\n"));
    sn_text_clear(&text);
    sn_json_write_diff(&text, &diff);
    json_t *json = json_loadb(text.at, text.length, 0, NULL);
    const json_t *suppressed = json_array_get(json_object_get(json, "suppressed"), 0);
    assert_string_equal(json_string_value(json_object_get(suppressed, "id")), "1:c");
    json_decref(json);
    sn_text_release(&text);
    sn_diff_release(&diff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_suppressed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
