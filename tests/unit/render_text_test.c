/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text report, byte for byte: tests/golden/report/NAME.json, fingerprinted and summarized,
 * reads as NAME.txt; with all frames and in colour as NAME-verbose.txt. SNARL_BLESS=1 writes the
 * texts anew.
 */
#include "finding/gate.h"
#include "finding/json.h"
#include "report/page.h"
#include "report/renderer.h"
#include "report/sources.h"
#include "report/tell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN SOURCE_DIR "/tests/golden/report/"

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct sn_text text = {0};
    char buffer[4096];
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        sn_text_add(&text, buffer, got);
    fclose(file);
    sn_text_puts(&text, "");
    return text.at;
}

static void compare(const char *name, const char *suffix, const struct sn_text *text)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s%s.txt", name, suffix);
    if (getenv("SNARL_BLESS")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text->at, 1, text->length, file), text->length);
        assert_int_equal(fclose(file), 0);
    }
    char *expected = read_all(path);
    assert_non_null(expected);
    assert_string_equal(text->at, expected);
    free(expected);
}

static void load(struct sn_report *report, const char *name)
{
    char path[512], message[1024];
    struct sn_error err;
    struct sn_gate gate;
    snprintf(path, sizeof path, GOLDEN "%s.json", name);
    if (sn_json_read(report, path, &err) < 0)
        fail_msg("%s", sn_error_format(&err, message, sizeof message));
    sn_report_fingerprint(report);
    sn_gate_default(&gate);
    sn_report_summarize(report, &gate);
}

static void render(struct sn_text *out, const char *name, const struct sn_render_options *options)
{
    struct sn_report report;
    load(&report, name);
    sn_text_puts(out, "");
    sn_renderer_by_name("text")->render(out, &report, options);
    sn_report_release(&report);
}

/* Columns of the widest line, a character each. */
static size_t widest(const char *text)
{
    size_t most = 0, columns = 0;
    for (; *text; text++) {
        columns = *text == '\n' ? 0 : columns + ((*text & 0xc0) != 0x80);
        most = columns > most ? columns : most;
    }
    return most;
}

static void check_golden(const char *name)
{
    struct sn_text plain = {0}, verbose = {0};
    struct sn_render_options options = {.source_root = GOLDEN "src"};
    render(&plain, name, &options);
    compare(name, "", &plain);
    assert_true(widest(plain.at) <= 100);
    for (const char *at = plain.at; *at; at++)
        assert_true(*at == '\n' || (unsigned char)*at >= ' ');

    options.color = options.verbose = true;
    render(&verbose, name, &options);
    compare(name, "-verbose", &verbose);
    sn_text_release(&plain);
    sn_text_release(&verbose);
}

static void test_race(void **state)
{
    (void)state;
    check_golden("race");
}

static void test_deadlock(void **state)
{
    (void)state;
    check_golden("deadlock");
}

static void test_predicted(void **state)
{
    (void)state;
    check_golden("predicted");
}

/* Many findings that are no more than possible hide none that is certain. */
static void test_possible(void **state)
{
    (void)state;
    check_golden("possible");
}

/* One story for what most likely has one cause. */
static void test_cousins(void **state)
{
    (void)state;
    check_golden("cousins");
}

/* What the source says is marked: behind a tab and an umlaut, and where a wrapper is called. */
static void test_explained(void **state)
{
    (void)state;
    check_golden("explained");
}

static void test_hostile(void **state)
{
    (void)state;
    check_golden("hostile");
}

static void test_known(void **state)
{
    (void)state;
    check_golden("known");
}

static void test_timeout(void **state)
{
    (void)state;
    check_golden("timeout");
}

static void test_nothing(void **state)
{
    (void)state;
    check_golden("nothing");
}

/* A narrow terminal, and what was written as JSON and read again, tell the same. */
static void test_narrow(void **state)
{
    (void)state;
    struct sn_text text = {0};
    render(&text, "hostile", &(struct sn_render_options){.width = 60});
    assert_true(widest(text.at) <= 80); /* the deepest rows keep a least width */
    sn_text_clear(&text);
    render(&text, "deadlock", &(struct sn_render_options){.width = 1});
    assert_non_null(strstr(text.at, "snarl:"));
    sn_text_release(&text);
}

static void test_json_tells_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"race", "deadlock", "predicted", "hostile", "known"};
    const struct sn_render_options options = {.verbose = true};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct sn_report report, again;
        struct sn_text json = {0}, before = {0}, after = {0};
        load(&report, names[i]);
        sn_renderer_by_name("json")->render(&json, &report, &options);
        assert_int_equal(sn_json_parse(&again, json.at, json.length, NULL), 0);
        sn_renderer_by_name("text")->render(&before, &report, &options);
        sn_renderer_by_name("text")->render(&after, &again, &options);
        assert_string_equal(before.at, after.at);
        sn_text_release(&json);
        sn_text_release(&before);
        sn_text_release(&after);
        sn_report_release(&report);
        sn_report_release(&again);
    }
}

static void test_escape(void **state)
{
    (void)state;
    struct sn_text text = {0};
    assert_int_equal(sn_escape(&text, "a\tb\x1b[1m\xff\xc3\xa9\x7f"), 4 + 1 + 7 + 4 + 1 + 4);
    assert_string_equal(text.at, "a   b\\x1b[1m\\xff\xc3\xa9\\x7f");
    sn_text_clear(&text);
    sn_escape(&text, "\xe2\x80\xae\xc2\x9b");
    assert_string_equal(text.at, "\\u{202e}\\u{9b}");
    sn_text_release(&text);
}

static void test_elide(void **state)
{
    (void)state;
    struct sn_text text = {0};
    struct sn_page page = {.out = &text, .width = 100};
    sn_page_elided(&page, SN_BOLD, "0123456789abcdefghij", 12);
    assert_string_equal(text.at, "012...efghij");
    assert_int_equal(page.column, 12);
    sn_text_release(&text);
}

static void test_sources(void **state)
{
    (void)state;
    struct sn_sources sources = {.root = GOLDEN "src"};
    const char *line = "static void *shopper(void *arg)";
    assert_string_equal(sn_sources_line(&sources, "/built/else/where/garlic.c", 7), line);
    assert_string_equal(sn_sources_line(&sources, GOLDEN "src/garlic.c", 7), line);
    assert_null(sn_sources_line(&sources, "garlic.c", 0));
    assert_null(sn_sources_line(&sources, "garlic.c", 4000));
    assert_null(sn_sources_line(&sources, "nowhere.c", 1));
    assert_null(sn_sources_line(&sources, "/dev/zero", 1));
    assert_null(sn_sources_line(&sources, NULL, 1));
    sn_sources_release(&sources);
}

/* Nobody ever writes into it: opening it must not wait. */
static void test_source_is_a_pipe(void **state)
{
    (void)state;
    char path[] = "snarl-test-pipe.c";
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct sn_sources sources = {0};
    assert_null(sn_sources_line(&sources, path, 1));
    sn_sources_release(&sources);
    unlink(path);
}

static void test_renderers(void **state)
{
    (void)state;
    assert_string_equal(sn_renderers()[0]->name, "text");
    assert_non_null(sn_renderer_by_name("json"));
    assert_non_null(sn_renderer_by_name("sarif"));
    assert_null(sn_renderer_by_name("yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race),      cmocka_unit_test(test_explained),
        cmocka_unit_test(test_deadlock),  cmocka_unit_test(test_predicted),
        cmocka_unit_test(test_possible),  cmocka_unit_test(test_cousins),
        cmocka_unit_test(test_hostile),   cmocka_unit_test(test_known),
        cmocka_unit_test(test_nothing),   cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_narrow),    cmocka_unit_test(test_json_tells_the_same),
        cmocka_unit_test(test_escape),    cmocka_unit_test(test_elide),
        cmocka_unit_test(test_sources),   cmocka_unit_test(test_source_is_a_pipe),
        cmocka_unit_test(test_renderers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
