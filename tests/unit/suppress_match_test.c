/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which findings a suppression matches, in each syntax, and where the answer is that names are
 * missing; what is noted of each; and that what is generated matches its own finding alone.
 */
#include "finding/suppress/glob.h"
#include "finding/suppress/suppress.h"
#include "report/suppressions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { TODAY = 20261130 };

static struct sn_frame hook = {.function = "pthread_mutex_lock", .module = "libsnarl.so"};
static struct sn_frame start = {.function = "start_thread", .module = "libc.so.6"};

static void test_globs(void **state)
{
    (void)state;
    assert_true(sn_glob("", ""));
    assert_true(sn_glob("*", ""));
    assert_true(sn_glob("a*b*c", "a-b-b-c"));
    assert_false(sn_glob("a*b*c", "a-b-b-c-d"));
    assert_true(sn_glob("a?c", "a\xc3\xa4"
                               "c"));
    assert_true(sn_glob("a?c", "a\xff"
                               "c"));
    assert_false(sn_glob("a?c", "ac"));
    assert_false(sn_glob("?", ""));
    assert_true(sn_glob("f(int\\*)", "f(int*)"));
    assert_false(sn_glob("f(int\\*)", "f(intx)"));
    assert_true(sn_glob("[a]\\", "[a]\\"));
    assert_false(sn_glob("A", "a"));
    assert_true(sn_glob_path("src/*.c", "/home/me/src/deep/a.c"));
    assert_false(sn_glob_path("rc/*.c", "/home/me/src/a.c"));
    assert_true(sn_glob_path("/home/*", "/home/me/a.c"));
    char many[2001], text[2001];
    for (size_t i = 0; i < 1000; i++)
        memcpy(many + 2 * i, "*a", 2);
    memset(text, 'a', 2000);
    many[2000] = text[2000] = '\0';
    assert_true(sn_glob(many, text));
    text[1999] = 'b';
    assert_false(sn_glob(many, text));
}

struct subject {
    struct sn_report report;
    struct sn_finding *finding;
};

/* A race: "reader" called by "work" (src/work.c), "writer" called by "work" twice. */
static struct subject race(void)
{
    static struct sn_frame read[] = {
        {.function = "memcpy", .module = "libc.so.6"},
        {.function = "reader(int*)", .file = "/b/src/read.c", .line = 5, .module = "a.out"},
        {.function = "work.constprop.0", .file = "/b/src/work.c", .line = 9, .module = "a.out"},
        {.function = "start_thread", .module = "libc.so.6"}};
    static struct sn_frame write[] = {
        {.function = "tsan_write", .module = "libsnarl.so"},
        {.function = "writer",
         .file = "/b/src/write.c",
         .line = 7,
         .module = "liba.so",
         .offset = 0x12ab},
        {.function = "work", .file = "/b/src/work.c", .line = 3, .module = "a.out"},
        {.function = "work", .file = "/b/src/work.c", .line = 3, .module = "a.out"},
        {.function = "start_thread", .module = "libc.so.6"}};
    static struct sn_frame made[] = {{.function = "maker", .module = "a.out"}};
    static struct sn_variable variable = {.name = "table[3].count", .place = "global"};
    static struct sn_lock lock = {.id = 1, .name = "mutex made at /x/queue.c:31"};
    static struct sn_thread threads[] = {{.id = 0, .process = 1}, {1, 1, "Olivia", {made, 1}}};
    struct subject subject;
    sn_report_init(&subject.report);
    subject.finding = sn_report_add(&subject.report, SN_DATA_RACE, SN_OBSERVED);
    subject.finding->id = "1:aa";
    subject.finding->title = "data race";
    subject.finding->variable = &variable;
    *vec_push(&subject.finding->threads) = &threads[0];
    *vec_push(&subject.finding->threads) = &threads[1];
    *vec_push(&subject.finding->locks) = &lock;
    struct sn_site *site = sn_finding_site(subject.finding, SN_ROLE_READ, 0);
    site->stack = (struct sn_stack){read, 4};
    site = sn_finding_site(subject.finding, SN_ROLE_WRITE, 1);
    site->stack = (struct sn_stack){write, 5};
    return subject;
}

static enum sn_match match(const struct sn_finding *finding, const char *text)
{
    struct sn_suppressions read = {0};
    struct sn_error err = {0};
    if (sn_suppressions_parse(&read, NULL, text, strlen(text), &err) < 0)
        fail_msg("%s\n%s", text, err.text);
    assert_int_equal(read.of.count, 1);
    enum sn_match result = sn_suppression_match(read.of.at[0], finding);
    sn_suppressions_release(&read);
    return result;
}

/* Snarl's own syntax: REST is what follows the reason. */
static enum sn_match own(const struct sn_finding *finding, const char *rest)
{
    char text[1000];
    snprintf(text, sizeof text, "suppress data-race\nreason=x\n%s\n", rest);
    return match(finding, text);
}

#define YES(call)     assert_int_equal((call), SN_MATCH_YES)
#define NO(call)      assert_int_equal((call), SN_MATCH_NO)
#define UNKNOWN(call) assert_int_equal((call), SN_MATCH_UNKNOWN)

static void test_own_names(void **state)
{
    (void)state;
    struct subject subject = race();
    const struct sn_finding *f = subject.finding;
    YES(own(f, ""));
    NO(match(f, "suppress deadlock\nreason=x"));
    YES(match(f, "suppress any\nreason=x"));
    YES(match(f, "suppress deadlock,data-race\nreason=x"));
    YES(own(f, "id=1:aa"));
    NO(own(f, "id=1:ab"));
    YES(own(f, "variable=table*"));
    NO(own(f, "variable=table"));
    NO(own(f, "variable=table*\nvariable=chair*"));
    YES(own(f, "lock=mutex made at queue.c"));
    YES(own(f, "lock=*queue.c:31"));
    NO(own(f, "lock=queue.c"));
    YES(own(f, "thread=Olivia\nthread=main"));
    NO(own(f, "thread=Barron"));
    sn_report_release(&subject.report);
}

static void test_own_stacks(void **state)
{
    (void)state;
    struct subject subject = race();
    const struct sn_finding *f = subject.finding;
    /* From the innermost frame of one's own code; what is further out does not matter. */
    YES(own(f, "stack\nfunction=reader(int\\*)"));
    YES(own(f, "stack\nfunction=memcpy\nfunction=reader*"));
    NO(own(f, "stack\nfunction=work"));
    YES(own(f, "stack\n...\nfunction=work"));
    YES(own(f, "stack\nfunction=reader*\nfunction=work"));
    YES(own(f, "stack\nfunction=reader*\nfunction=work.constprop*"));
    NO(own(f, "stack\nfunction=work\nfunction=reader*"));
    NO(own(f, "stack\nfunction=reader*\nfunction=work\nfunction=work"));
    YES(own(f, "stack\nfunction=writer\nfunction=work\nfunction=work"));
    YES(own(f, "stack\nfunction=writer\n...\nmodule=libc.so*"));
    NO(own(f, "stack\nfunction=writer\n...\nfunction=writer"));
    /* Parts of a frame go together. */
    YES(own(f, "stack\nfunction=writer & file=src/write.c & module=liba.so+0x12ab"));
    NO(own(f, "stack\nfunction=writer & file=src/read.c"));
    NO(own(f, "stack\nmodule=liba.so+0x12ac"));
    YES(own(f, "stack\nfile=*/write.c"));
    NO(own(f, "stack\nfile=rite.c"));
    /* Each stack is another site's. */
    YES(own(f, "stack\nfunction=writer\nstack\nfunction=reader*"));
    YES(own(f, "stack\n...\nfunction=work\nstack\nfunction=writer"));
    YES(own(f, "stack\n...\nfunction=work\nstack\nfunction=reader*"));
    YES(own(f, "stack\nfunction=writer\nstack\n...\nfunction=work"));
    NO(own(f, "stack\nfunction=writer\nstack\nfunction=writer"));
    YES(own(f, "stack 2\n...\nfunction=work"));
    NO(own(f, "stack 2\nfunction=writer"));
    NO(own(f, "stack 3\n..."));
    sn_report_release(&subject.report);
}

static void test_tsan(void **state)
{
    (void)state;
    struct subject subject = race();
    struct sn_finding *f = subject.finding;
    YES(match(f, "race:reade"));
    YES(match(f, "race:^work"));
    NO(match(f, "race:^ork"));
    YES(match(f, "race:riter$"));
    NO(match(f, "race:write$"));
    YES(match(f, "race:src/w*.c"));
    YES(match(f, "race:liba.so"));
    YES(match(f, "race:/usr/lib/liba.so"));
    NO(match(f, "race:/usr/lib/libb.so"));
    YES(match(f, "race:^table$"));
    NO(match(f, "race:maker"));
    NO(match(f, "race:tsan_write")); /* the recorder's */
    NO(match(f, "deadlock:writer"));
    YES(match(f, "race_top:writer"));
    YES(match(f, "race_top:memcpy"));
    NO(match(f, "race_top:work"));
    NO(match(f, "race_top:table"));
    YES(match(f, "called_from_lib:liba.so"));
    YES(match(f, "called_from_lib:/opt/liba"));
    NO(match(f, "called_from_lib:libc.so"));
    NO(match(f, "called_from_lib:writer"));
    f->kind = SN_THREAD_LEAK;
    YES(match(f, "thread:maker"));
    YES(match(f, "called_from_lib:liba.so"));
    f->kind = SN_SELF_DEADLOCK;
    YES(match(f, "mutex:writer"));
    sn_report_release(&subject.report);
}

static enum sn_match valgrind(const struct sn_finding *finding, const char *frames)
{
    char text[1000];
    snprintf(text, sizeof text, "{\nname\nHelgrind:Race\n%s\n}\n", frames);
    return match(finding, text);
}

static void test_valgrind(void **state)
{
    (void)state;
    struct subject subject = race();
    const struct sn_finding *f = subject.finding;
    YES(valgrind(f, "fun:writer"));
    YES(valgrind(f, "fun:wr*\nfun:work\nfun:work\nfun:start_thread"));
    YES(valgrind(f, "fun:memcpy\nfun:_Z6readerPi"));
    NO(valgrind(f, "fun:_Z6readerPi")); /* strictly from the top */
    NO(valgrind(f, "fun:work"));
    YES(valgrind(f, "...\nfun:work\n...\nobj:*/libc.so.6"));
    YES(valgrind(f, "obj:*/libc.so.6\nfun:reader*"));
    YES(valgrind(f, "src:write.c:7"));
    NO(valgrind(f, "src:write.c:8"));
    YES(valgrind(f, "fun:mutex_lock_WRK\nfun:pthread_mutex_lock\nfun:writer"));
    YES(valgrind(f, "obj:*/vgpreload_helgrind*\nfun:writer"));
    NO(valgrind(f, "fun:pthread_mutex_lock"));
    UNKNOWN(valgrind(f, "fun:_Z6reader*"));
    NO(match(f, "{\nname\nHelgrind:LockOrder\nfun:writer\n}\n"));
    YES(match(f, "{\nname\ndrd:ConflictingAccess\nfun:writer\n}\n"));
    sn_report_release(&subject.report);
}

/* A race in a program that was stripped. */
static struct subject nameless(void)
{
    static struct sn_frame first[] = {{.module = "bare", .offset = 0x10},
                                      {.module = "bare", .offset = 0x20},
                                      {.function = "start_thread", .module = "libc.so.6"}};
    static struct sn_frame second[] = {{.module = "bare", .offset = 0x18}, {.module = "libc.so.6"}};
    static struct sn_variable variable = {.place = "global"};
    static struct sn_lock lock = {.id = 1, .name = "mutex at 0x4010 in bare"};
    struct subject subject;
    sn_report_init(&subject.report);
    subject.finding = sn_report_add(&subject.report, SN_DATA_RACE, SN_OBSERVED);
    subject.finding->id = "1:bb";
    subject.finding->variable = &variable;
    *vec_push(&subject.finding->locks) = &lock;
    struct sn_site *site = sn_finding_site(subject.finding, SN_ROLE_WRITE, 1);
    site->stack = (struct sn_stack){first, 3};
    site = sn_finding_site(subject.finding, SN_ROLE_WRITE, 2);
    site->stack = (struct sn_stack){second, 2};
    return subject;
}

static void test_without_symbols(void **state)
{
    (void)state;
    struct subject subject = nameless();
    const struct sn_finding *f = subject.finding;
    YES(own(f, "stack\nmodule=bare+0x10\nmodule=bare+0x20"));
    NO(own(f, "stack\nmodule=bare+0x11"));
    UNKNOWN(own(f, "stack\nfunction=worker"));
    YES(own(f, "stack\nfunction=*\nmodule=bare"));
    NO(own(f, "stack\nfunction=worker & module=liba.so"));
    UNKNOWN(own(f, "stack\nfile=worker.c"));
    UNKNOWN(own(f, "variable=count"));
    UNKNOWN(own(f, "lock=pencil"));
    NO(own(f, "stack\nfunction=worker\nthread=Olivia"));
    UNKNOWN(match(f, "race:worker"));
    YES(match(f, "race:bare"));
    NO(match(f, "deadlock:worker"));
    UNKNOWN(valgrind(f, "fun:worker\nobj:*/bare"));
    YES(valgrind(f, "obj:*/bare"));
    NO(valgrind(f, "fun:worker\nobj:*/liba.so"));
    sn_report_release(&subject.report);
}

static void apply(struct sn_report *report, const char *text)
{
    struct sn_suppressions read = {0};
    struct sn_error err = {0};
    if (sn_suppressions_parse(&read, "a.supp", text, strlen(text), &err) < 0)
        fail_msg("%s\n%s", text, err.text);
    sn_report_suppress(report, &read, TODAY);
    sn_suppressions_release(&read);
}

static const struct sn_suppression_use *use(const struct sn_report *report, uint32_t line)
{
    vec_each (struct sn_suppression_use, one, &report->suppressions)
        if (one->by.line == line)
            return one;
    fail_msg("nothing about line %u", line);
    return NULL;
}

static const char *told(const struct sn_report *report, bool verbose, struct sn_text *text)
{
    struct sn_page page = {text, false, 1000, 0};
    sn_text_clear(text);
    sn_text_puts(text, "");
    sn_page_suppressions(&page, report, verbose);
    return text->at;
}

static void test_applied(void **state)
{
    (void)state;
    static const char file[] = "suppress data-race\n"
                               "until=2026-11-29\n"
                               "reason=yesterday\n"
                               "suppress data-race\n"
                               "until=2026-11-30\n"
                               "reason=today\n"
                               "suppress deadlock\n"
                               "reason=none\n"
                               "suppress any\n"
                               "reason=also\n";
    struct subject subject = race();
    struct sn_report *report = &subject.report;
    struct sn_text text = {0};
    struct sn_finding *leak = sn_report_add(report, SN_THREAD_LEAK, SN_OBSERVED);
    leak->status = SN_KNOWN;
    for (int twice = 0; twice < 2; twice++)
        apply(report, file);
    assert_int_equal(report->suppressions.count, 4);
    assert_true(use(report, 1)->expired);
    assert_string_equal(use(report, 1)->until, "2026-11-29");
    assert_int_equal(use(report, 1)->findings, 0);
    assert_false(use(report, 4)->expired);
    assert_int_equal(use(report, 4)->findings, 1);
    assert_int_equal(use(report, 7)->findings, 0);
    assert_int_equal(use(report, 9)->findings, 2);
    assert_int_equal(subject.finding->status, SN_SUPPRESSED);
    assert_string_equal(subject.finding->suppressed_by->reason, "today");
    assert_string_equal(subject.finding->suppressed_by->file, "a.supp");
    assert_int_equal(subject.finding->suppressed_by->line, 4);
    assert_int_equal(leak->status, SN_SUPPRESSED);
    assert_string_equal(leak->suppressed_by->reason, "also");

    assert_string_equal(told(report, false, &text),
                        "snarl: note: this suppression has expired (until=2026-11-29), and does "
                        "not apply: a.supp:1: yesterday\n"
                        "snarl: note: 1 suppression matched nothing: a.supp:7\n");
    assert_non_null(strstr(told(report, true, &text),
                           "snarl: suppression: a.supp:4: today (suppressed 1 finding)\n"
                           "snarl: suppression: a.supp:9: also (suppressed 2 findings)\n"));
    sn_text_release(&text);
    sn_report_release(report);
}

static void test_told_what_symbols_are_missing(void **state)
{
    (void)state;
    struct subject subject = nameless();
    struct sn_text text = {0};
    apply(&subject.report, "race:one\nrace:two\ndeadlock:three\n");
    assert_int_equal(subject.finding->status, SN_NEW);
    assert_string_equal(use(&subject.report, 1)->untried, "symbols are missing for bare");
    assert_null(use(&subject.report, 3)->untried);
    assert_string_equal(told(&subject.report, false, &text),
                        "snarl: note: 2 suppressions could not be tried: symbols are missing for "
                        "bare: a.supp:1, a.supp:2\n"
                        "snarl: note: 1 suppression matched nothing: a.supp:3\n");
    /* One that matched something needs no excuse. */
    vec_clear(&subject.report.suppressions);
    apply(&subject.report, "race:one\nrace:bare\n");
    assert_int_equal(use(&subject.report, 2)->findings, 1);
    assert_non_null(strstr(told(&subject.report, false, &text), "1 suppression could not"));
    /* Of many only some are named. */
    vec_clear(&subject.report.suppressions);
    apply(&subject.report, "thread:1\nthread:2\nthread:3\nthread:4\nthread:5\nthread:6\n");
    assert_string_equal(told(&subject.report, false, &text),
                        "snarl: note: 6 suppressions matched nothing: a.supp:1, a.supp:2, "
                        "a.supp:3, a.supp:4, a.supp:5 ... (-v names all)\n");
    assert_non_null(strstr(told(&subject.report, true, &text), "a.supp:5, a.supp:6\n"));
    sn_text_release(&text);
    sn_report_release(&subject.report);
}

/* What is generated for FINDING, with a reason in the place of the comment. */
static void generate(struct sn_text *text, const struct sn_report *report,
                     const struct sn_finding *finding)
{
    struct sn_text raw = {0};
    static const char open[] = "  # reason=\n";
    struct sn_suppressions read = {0};
    sn_suppression_write(&raw, report, finding);
    assert_int_equal(sn_suppressions_parse(&read, NULL, raw.at, raw.length, NULL), SN_E_FORMAT);
    sn_suppressions_release(&read);
    char *comment = strstr(raw.at, open);
    assert_non_null(comment);
    sn_text_clear(text);
    sn_text_add(text, raw.at, (size_t)(comment - raw.at));
    sn_text_printf(text, "  reason=because\n%s", comment + strlen(open));
    sn_text_release(&raw);
}

static void test_generated(void **state)
{
    (void)state;
    struct subject subject = race();
    struct sn_text text = {0};
    generate(&text, &subject.report, subject.finding);
    assert_string_equal(text.at, "# data race\n"
                                 "suppress data-race\n"
                                 "  reason=because\n"
                                 "  variable=table[3].count\n"
                                 "  stack\n"
                                 "    function=reader(int\\*) & module=a.out\n"
                                 "    function=work & module=a.out\n"
                                 "  stack\n"
                                 "    function=writer & module=liba.so\n"
                                 "    function=work & module=a.out\n");
    YES(match(subject.finding, text.at));

    struct subject bare = nameless();
    generate(&text, &bare.report, bare.finding);
    assert_non_null(strstr(text.at, "  stack\n    module=bare+0x10\n    module=bare+0x20\n"));
    YES(match(bare.finding, text.at));
    sn_report_release(&subject.report);
    sn_report_release(&bare.report);
    sn_text_release(&text);
}

static struct sn_finding *add_deadlock(struct sn_report *report, struct sn_frame *frames,
                                       size_t count, const char *id)
{
    struct sn_finding *finding = sn_report_add(report, SN_DEADLOCK, SN_PREDICTED);
    finding->id = id;
    for (uint32_t thread = 1; thread <= 2; thread++) {
        struct sn_site *site = sn_finding_site(finding, SN_ROLE_WAITS, thread);
        site->stack = (struct sn_stack){frames, count};
    }
    return finding;
}

/* Names that mean something in the syntax, recursion, nothing at all, and two findings that differ
 * by nothing that is written down. */
static void test_generated_matches_that_one_alone(void **state)
{
    (void)state;
    static struct sn_frame odd[] = {
        {.function = " f*?\\ \x1b\xff & module=x ", .module = "a+0x12 b"}, {.function = "..."}};
    static struct sn_frame deep[] = {{.function = "leaf", .module = "a.out"},
                                     {.function = "down", .module = "a.out"},
                                     {.function = "down", .module = "a.out"},
                                     {.function = "down", .module = "a.out"},
                                     {.function = "main", .module = "a.out"}};
    static struct sn_frame shallow[] = {{.function = "leaf", .module = "a.out"},
                                        {.function = "down", .module = "a.out"}};
    static struct sn_frame handler[] = {{.function = "on_signal", .module = "a.out"},
                                        {.function = "rec_handle", .module = "libsnarl.so"},
                                        {.function = "anything", .module = "a.out"}};
    struct subject subject = race();
    struct sn_report *report = &subject.report;
    struct sn_text text = {0};
    add_deadlock(report, odd, 2, "1:odd");
    add_deadlock(report, deep, 5, "1:deep");
    add_deadlock(report, shallow, 2, "1:shallow");
    add_deadlock(report, handler, 3, "1:handler");
    add_deadlock(report, (struct sn_frame[]){hook, start}, 2, "1:run-time");
    add_deadlock(report, NULL, 0, "1:none");
    add_deadlock(report, NULL, 0, "1:none-2");
    vec_each (struct sn_finding *, finding, &report->findings) {
        generate(&text, report, *finding);
        vec_each (struct sn_finding *, other, &report->findings)
            assert_int_equal(match(*other, text.at),
                             *other == *finding ? SN_MATCH_YES : SN_MATCH_NO);
    }
    generate(&text, report, report->findings.at[2]);
    assert_string_equal(text.at, "# deadlock\n"
                                 "suppress deadlock\n"
                                 "  reason=because\n"
                                 "  stack 2\n"
                                 "    function=leaf & module=a.out\n"
                                 "    function=down & module=a.out\n"
                                 "    ...\n"
                                 "    function=main & module=a.out\n");
    generate(&text, report, report->findings.at[3]); /* fits the one above, too */
    assert_non_null(strstr(text.at, "  id=1:shallow\n"));
    generate(&text, report, report->findings.at[4]);
    assert_null(strstr(text.at, "anything"));
    sn_text_release(&text);
    sn_report_release(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globs),      cmocka_unit_test(test_own_names),
        cmocka_unit_test(test_own_stacks), cmocka_unit_test(test_tsan),
        cmocka_unit_test(test_valgrind),   cmocka_unit_test(test_without_symbols),
        cmocka_unit_test(test_applied),    cmocka_unit_test(test_told_what_symbols_are_missing),
        cmocka_unit_test(test_generated),  cmocka_unit_test(test_generated_matches_that_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
