/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as text of XML, Markdown and URIs; places as paths and regions. */
#include "report/markup.h"
#include "report/page.h"
#include "report/spot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SOURCES SOURCE_DIR "/tests/golden/report/src"

static void test_plain(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_plain(&text, "a\nb\x1b\xff", 100);
    assert_string_equal(text.at, "a\\x0ab\\x1b\\xff");
    sn_text_clear(&text);
    sn_plain(&text, "0123456789abcdefghij", 12);
    assert_string_equal(text.at, "012...efghij");
    sn_text_clear(&text);
    sn_plain_lines(&text, "a\n\nb\tc\r\n");
    assert_string_equal(text.at, "a\n\nb   c\\x0d\n");
    sn_text_clear(&text);
    sn_plain(&text, "", 12);
    assert_string_equal(text.at, "");
    sn_text_clear(&text);
    sn_plain(&text, "\xef\xbf\xbe\xf0\x9f\xbf\xbf\xef\xbf\xbd",
             100); /* none for ever, but the last */
    assert_string_equal(text.at, "\\u{fffe}\\u{1ffff}\xef\xbf\xbd");
    sn_text_release(&text);
}

/* What is left out of a long text is never looked at; what is shown is the same. */
static void test_long(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 20 };
    struct sn_text text = {0}, line = {0};
    char *middle = malloc(LENGTH + 1);
    assert_non_null(middle);
    memset(middle, '\xa4', LENGTH); /* behind an \xc3 the second byte of a letter, else nothing */
    middle[LENGTH] = 0;
    sn_text_printf(&line, "<%s>\xc3%s \xc3\xa4\xc3\xa4 end", "begin", middle);
    sn_plain(&text, line.at, 20);
    assert_string_equal(text.at, "<begi...4\\xa4 \xc3\xa4\xc3\xa4 end");
    free(middle);
    sn_text_release(&line);
    sn_text_release(&text);
}

static void test_xml(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_xml(&text, "<a b=\"c\">&'\n\t]]>");
    assert_string_equal(text.at, "&lt;a b=&quot;c&quot;&gt;&amp;'\n\t]]&gt;");
    sn_text_clear(&text);
    sn_xml(&text, "\x01\xff\xef\xbf\xbf\xc3\xa9");
    assert_string_equal(text.at, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
    sn_text_release(&text);
}

static void test_markdown(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_markdown(&text, "a_b | [x](y) `c` <d> @e \\", 100);
    assert_string_equal(text.at, "a\\_b &#124; \\[x\\]\\(y\\) \\`c\\` &#60;d&#62; &#64;e \\\\");
    sn_text_release(&text);
}

static void test_uri(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_uri(&text, "src/a b%:\xc3\xa9?#~.c");
    assert_string_equal(text.at, "src/a%20b%25%3A%C3%A9%3F%23~.c");
    sn_text_release(&text);
}

static void check_within(struct sn_sources *sources, const char *path, const char *within)
{
    const char *found = sn_sources_within(sources, path);
    if (within)
        assert_string_equal(found, within);
    else
        assert_null(found);
}

static void test_within(void **state)
{
    (void)state;
    struct sn_sources sources = {.root = SOURCES};
    check_within(&sources, SOURCES "/garlic.c", "garlic.c");
    check_within(&sources, SOURCES "/../src//./none/x.c", "none/x.c");
    check_within(&sources, "/built/else/where/garlic.c", "garlic.c");
    check_within(&sources, "where/garlic.c", "garlic.c");
    check_within(&sources, "a/./b/../c.c", "a/c.c");
    check_within(&sources, "/built/else/where/none.c", NULL);
    check_within(&sources, SOURCES "s/none.c", NULL);
    check_within(&sources, "../none.c", NULL);
    check_within(&sources, "a/../../none.c", NULL);
    check_within(&sources, "/", NULL);
    check_within(&sources, ".", NULL);
    check_within(&sources, "", NULL);
    check_within(&sources, NULL, NULL);
    sn_sources_release(&sources);

    /* Without a root it is the current directory, and nothing is looked for. */
    struct sn_sources here = {0};
    check_within(&here, "/built/else/where/garlic.c", NULL);
    check_within(&here, "garlic.c", "garlic.c");
    sn_sources_release(&here);
}

/* A compiler may have been told another name of the directory. */
static void test_within_by_a_link(void **state)
{
    (void)state;
    static const char link[] = BUILD_DIR "/tests/markup_test-link";
    struct sn_sources sources = {.root = SOURCE_DIR "/tests/golden"};
    unlink(link);
    assert_int_equal(symlink(SOURCES, link), 0);
    check_within(&sources, BUILD_DIR "/tests/markup_test-link/garlic.c", "report/src/garlic.c");
    check_within(&sources, BUILD_DIR "/tests/markup_test-link/none.c", NULL);
    assert_int_equal(unlink(link), 0);
    sn_sources_release(&sources);
}

static void check_spot(struct sn_sources *sources, struct sn_frame frame, const char *path,
                       uint32_t line, uint32_t column, uint32_t end)
{
    struct sn_spot spot = sn_spot_of_frame(sources, &frame);
    assert_string_equal(spot.path, path);
    assert_int_equal(spot.line, line);
    assert_int_equal(spot.column, column);
    assert_int_equal(spot.end, end);
}

static void test_spot(void **state)
{
    (void)state;
    struct sn_sources sources = {.root = SOURCES};
    const char *file = "garlic.c", *module = "/usr/bin/a.out";
    /* "        garlic_count++;" */
    check_spot(&sources, (struct sn_frame){.file = file, .line = 11}, file, 11, 9, 24);
    check_spot(&sources, (struct sn_frame){.file = file, .line = 11, .column = 21}, file, 11, 21,
               24);
    check_spot(&sources, (struct sn_frame){.file = file, .line = 11, .column = 80}, file, 11, 80,
               80);
    check_spot(&sources, (struct sn_frame){.file = file, .line = 4000, .column = 5}, file, 4000, 5,
               5);
    check_spot(&sources, (struct sn_frame){.file = file, .module = module}, "a.out", 1, 1, 1);
    check_spot(&sources, (struct sn_frame){.file = "/x.c", .line = 7, .module = module}, "a.out", 1,
               1, 1);
    assert_null(sn_spot_of_frame(&sources, &(struct sn_frame){.module = "lib/.."}).path);
    assert_null(sn_spot_of_frame(&sources, NULL).path);
    sn_sources_release(&sources);
}

/* The library's own code is outside of the sources: who called it is the place. */
static void test_spot_of_finding(void **state)
{
    (void)state;
    struct sn_frame frames[] = {
        {.function = "lib", .file = "/lib.c", .line = 3, .module = "lib.so"},
        {.function = "work", .file = "garlic.c", .line = 11, .module = "a"}};
    struct sn_sources sources = {.root = SOURCES};
    struct sn_report report;
    sn_report_init(&report);
    struct sn_finding *finding = sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED);
    assert_string_equal(sn_spot_of_finding(&sources, &report, finding).path, "program");
    sn_finding_site(finding, SN_ROLE_HOLDS, 0)->stack = (struct sn_stack){frames, 1};
    assert_string_equal(sn_spot_of_finding(&sources, &report, finding).path, "lib.so");
    sn_finding_site(finding, SN_ROLE_WAITS, 0)->stack = (struct sn_stack){frames, 2};
    struct sn_spot spot = sn_spot_of_finding(&sources, &report, finding);
    assert_string_equal(spot.path, "garlic.c");
    assert_true(spot.is_source);
    assert_int_equal(spot.line, 11);
    sn_report_release(&report);
    sn_sources_release(&sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_uri),
        cmocka_unit_test(test_within),
        cmocka_unit_test(test_within_by_a_link),
        cmocka_unit_test(test_spot),
        cmocka_unit_test(test_spot_of_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
