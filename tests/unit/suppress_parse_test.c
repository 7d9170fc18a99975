/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressions in the three syntaxes: what is read, and where exactly a complaint points. */
#include "finding/suppress/suppress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KIND(name) (UINT32_C(1) << SN_##name)
#define ALL_KINDS  ((UINT32_C(1) << SN_HAZARDS) - 1)

static struct sn_suppressions read_all(const char *text)
{
    struct sn_suppressions read = {0};
    struct sn_error err = {0};
    if (sn_suppressions_parse(&read, "a.supp", text, strlen(text), &err) < 0)
        fail_msg("byte %llu: %s", (unsigned long long)err.offset, err.text);
    return read;
}

static void test_own(void **state)
{
    (void)state;
    struct sn_suppressions read = read_all("# ours\r\n"
                                           "\n"
                                           "suppress data-race, deadlock\r\n"
                                           "  reason = for statistics = only # not a comment\n"
                                           "  until=2024-02-29\n"
                                           "  id=1:0123456789abcdef\n"
                                           "  variable=garlic_*\n"
                                           "\tlock=pencil\n"
                                           "  lock=pen\n"
                                           "  thread=Olivia?\n"
                                           "  stack 2\n"
                                           "    function=a & b(int) & module = lib.so+0x1F\n"
                                           "    ...\n"
                                           "    file=src/*.c\n"
                                           "  # a comment\n"
                                           "  stack\n"
                                           "    module=libfoo.so.1\n"
                                           "suppress any\n"
                                           "reason=x");
    assert_int_equal(read.of.count, 2);
    const struct sn_suppression *one = read.of.at[0], *other = read.of.at[1];
    assert_string_equal(one->by.file, "a.supp");
    assert_int_equal(one->by.line, 3);
    assert_string_equal(one->by.reason, "for statistics = only # not a comment");
    assert_int_equal(one->kinds, KIND(DATA_RACE) | KIND(DEADLOCK));
    assert_string_equal(one->until, "2024-02-29");
    assert_int_equal(one->until_day, 20240229);
    assert_string_equal(one->id, "1:0123456789abcdef");
    assert_int_equal(one->variables.count, 1);
    assert_string_equal(one->variables.at[0], "garlic_*");
    assert_int_equal(one->locks.count, 2);
    assert_string_equal(one->locks.at[1], "pen");
    assert_int_equal(one->threads.count, 1);
    assert_string_equal(one->threads.at[0], "Olivia?");
    assert_int_equal(one->where, SN_SUPPRESS_ALL);
    assert_int_equal(one->stacks.count, 2);

    const struct sn_stack_pattern *stack = &one->stacks.at[0];
    assert_int_equal(stack->count, 2);
    assert_int_equal(stack->line, 11);
    assert_false(stack->exact);
    assert_int_equal(stack->frames.count, 3);
    assert_string_equal(stack->frames.at[0].function, "a & b(int)");
    assert_string_equal(stack->frames.at[0].module, "lib.so");
    assert_true(stack->frames.at[0].has_offset);
    assert_int_equal(stack->frames.at[0].offset, 0x1f);
    assert_null(stack->frames.at[0].file);
    assert_true(stack->frames.at[1].any_number);
    assert_string_equal(stack->frames.at[2].file, "src/*.c");
    assert_int_equal(one->stacks.at[1].count, 1);
    assert_false(one->stacks.at[1].frames.at[0].has_offset);

    assert_int_equal(other->by.line, 18);
    assert_int_equal(other->kinds, ALL_KINDS);
    assert_string_equal(other->by.reason, "x");
    assert_null(other->until);
    assert_int_equal(other->stacks.count, 0);
    sn_suppressions_release(&read);
}

static void test_every_kind_has_its_word(void **state)
{
    (void)state;
    for (int kind = 0; kind < SN_HAZARDS; kind++) {
        char text[100];
        snprintf(text, sizeof text, "suppress %s\nreason=x\n", sn_hazards[kind].id);
        struct sn_suppressions read = read_all(text);
        assert_int_equal(read.of.at[0]->kinds, UINT32_C(1) << kind);
        sn_suppressions_release(&read);
    }
}

static void test_tsan(void **state)
{
    (void)state;
    static const struct {
        uint32_t kinds;
        enum sn_suppress_where where;
        const char *glob, *library, *reason;
    } wanted[] = {
        {KIND(DATA_RACE), SN_SUPPRESS_ANY_FRAME, "*foo*", NULL, "race:foo"},
        {KIND(DATA_RACE), SN_SUPPRESS_TOP_FRAME, "foo*bar", NULL, "race_top:^foo*bar$ignored"},
        {KIND(THREAD_LEAK), SN_SUPPRESS_ANY_FRAME, "*a\\?b\\\\c*", NULL, "thread:a?b\\c"},
        {KIND(LOCK_DESTROYED_HELD) | KIND(SELF_DEADLOCK) | KIND(UNLOCK_NOT_HELD) |
             KIND(USE_AFTER_DESTROY),
         SN_SUPPRESS_ANY_FRAME, "*src/q.c*", NULL, "mutex:src/q.c"},
        {KIND(LOCK_IN_SIGNAL_HANDLER), SN_SUPPRESS_ANY_FRAME, "*x*", NULL, "signal:x"},
        {KIND(DEADLOCK), SN_SUPPRESS_ANY_FRAME, "*/usr/lib/liba.so*", "liba.so*",
         "deadlock:/usr/lib/liba.so"},
        {ALL_KINDS, SN_SUPPRESS_CALLER, "*/opt/**", NULL, "called_from_lib:/opt/*"},
        {ALL_KINDS, SN_SUPPRESS_CALLER, "*/opt/libb*", "libb*", "called_from_lib:/opt/libb"},
    };
    struct sn_suppressions read = read_all("# TSan's\n\n"
                                           "race:foo\n"
                                           "  race_top:^foo*bar$ignored\t\n"
                                           "thread:a?b\\c\n"
                                           "mutex:src/q.c\n"
                                           "signal:x\n"
                                           "deadlock:/usr/lib/liba.so\r\n"
                                           "called_from_lib:/opt/*\n"
                                           "# end\n"
                                           "called_from_lib:/opt/libb");
    assert_int_equal(read.of.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < read.of.count; i++) {
        const struct sn_suppression *one = read.of.at[i];
        assert_int_equal(one->kinds, wanted[i].kinds);
        assert_int_equal(one->where, wanted[i].where);
        assert_string_equal(one->frame.some, wanted[i].glob);
        assert_string_equal(one->by.reason, wanted[i].reason);
        if (wanted[i].library)
            assert_string_equal(one->frame.some_library, wanted[i].library);
        else
            assert_null(one->frame.some_library);
    }
    assert_int_equal(read.of.at[0]->by.line, 3);
    assert_int_equal(read.of.at[7]->by.line, 11);
    sn_suppressions_release(&read);
}

static void test_valgrind(void **state)
{
    (void)state;
    struct sn_suppressions read = read_all("{\n"
                                           "   leak\n"
                                           "   Memcheck:Leak\n"
                                           "   match-leak-kinds: all\n"
                                           "   fun:malloc\n"
                                           "}\n"
                                           "{\n"
                                           "   <insert a name>\n"
                                           "   Memcheck,Helgrind:LockOrder\n"
                                           "   fun:mutex_lock_WRK\n"
                                           "   fun:pthread_mutex_lock\n"
                                           "   fun:_ZN6Pantry3addEi\n"
                                           "   ...\n"
                                           "   obj:/usr/lib*/libc.so*\n"
                                           "   src:garlic.c:22\n"
                                           "}\n"
                                           "\n"
                                           "{\n"
                                           "  d\n"
                                           "  drd:HoldtimeErr\n"
                                           "  src:a:b.c\n"
                                           "}\n"
                                           "{\n"
                                           "  nothing of ours\n"
                                           "  drd:UnimpHgClReq\n"
                                           "  fun:x\n"
                                           "}\n");
    assert_int_equal(read.of.count, 2);
    const struct sn_suppression *one = read.of.at[0];
    assert_int_equal(one->by.line, 7);
    assert_string_equal(one->by.reason, "<insert a name>");
    assert_int_equal(one->kinds, KIND(DEADLOCK));
    assert_null(one->untried);
    assert_int_equal(one->stacks.count, 1);
    assert_true(one->stacks.at[0].exact);
    const struct sn_frame_pattern *frames = one->stacks.at[0].frames.at;
    assert_int_equal(one->stacks.at[0].frames.count, 6);
    assert_true(frames[0].optional && frames[1].optional);
    assert_false(frames[2].optional);
    assert_string_equal(frames[2].function, "Pantry::add(int)");
    assert_true(frames[3].any_number);
    assert_string_equal(frames[4].module, "libc.so*");
    assert_string_equal(frames[5].file, "garlic.c");
    assert_int_equal(frames[5].line, 22);
    assert_int_equal(read.of.at[1]->kinds, KIND(BLOCKED_WHILE_HOLDING));
    assert_string_equal(read.of.at[1]->stacks.at[0].frames.at[0].file, "a:b.c");
    assert_int_equal(read.of.at[1]->stacks.at[0].frames.at[0].line, 0);
    sn_suppressions_release(&read);
}

/* What reports have no counterpart for is kept, with the reason. */
static void test_valgrind_untried(void **state)
{
    (void)state;
    struct sn_suppressions read = read_all("{\na\nHelgrind:Race\nfun:_ZNSt6thread*\n}\n"
                                           "{\nb\nHelgrind:Race\nobj:/opt/vendor/*\n}\n"
                                           "{\nc\nHelgrind:Race\nobj:*\nfun:x\n}\n"
                                           "{\nd\nHelgrind:Race\nfun:pthread_create*\n}\n");
    assert_int_equal(read.of.count, 4);
    assert_non_null(strstr(read.of.at[0]->untried, "mangled"));
    assert_non_null(strstr(read.of.at[1]->untried, "directories"));
    assert_null(read.of.at[2]->untried);
    assert_null(read.of.at[3]->untried);
    /* Nothing but a stand-in: it may not be missing. */
    assert_false(read.of.at[3]->stacks.at[0].frames.at[0].optional);
    sn_suppressions_release(&read);
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    static const char *const empty[] = {"", "\n\n", "# only words\n", "  \t\r\n#", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct sn_suppressions read = read_all(empty[i]);
        assert_int_equal(read.of.count, 0);
        sn_suppressions_release(&read);
    }
    struct sn_suppressions read = read_all("\xef\xbb\xbfrace:x\n");
    assert_int_equal(read.of.count, 1);
    sn_suppressions_release(&read);
}

/* PLACE is the text at which the complaint must point, WHERE what it must say of that. */
static void refused(const char *text, const char *place, const char *where, const char *what)
{
    struct sn_suppressions read = {0};
    struct sn_error err = {0};
    static const char before[] = "race:kept\n";
    assert_int_equal(sn_suppressions_parse(&read, NULL, before, strlen(before), NULL), 0);
    assert_int_equal(sn_suppressions_parse(&read, "bad.supp", text, strlen(text), &err),
                     SN_E_FORMAT);
    assert_string_equal(err.path, "bad.supp");
    const char *at = place ? strstr(text, place) : text + strlen(text);
    if (err.offset != (uint64_t)(at - text) || strncmp(err.text, where, strlen(where)) != 0 ||
        !strstr(err.text, what))
        fail_msg("%s: byte %llu, %s", text, (unsigned long long)err.offset, err.text);
    assert_int_equal(read.of.count, 1); /* nothing of it was taken */
    sn_suppressions_release(&read);
}

static void test_refused_own(void **state)
{
    (void)state;
    refused("suppress data-rice\nreason=x\n", "data-rice",
            "line 1, column 10: ", "expected a kind of hazard, not 'data-rice': any, data-race, ");
    refused("suppress data-race,\nreason=x\n", "\nreason", "line 1, column 20: ", "kind of hazard");
    refused("suppress\nreason=x\n", "\n", "line 1, column 9: ", "kind of hazard");
    refused("suppress data-race\n variable=x\n", "suppress", "line 1, column 1: ", "reason=TEXT");
    refused("suppress any\n reason=x\n\nsuppress deadlock\n", "suppress deadlock",
            "line 4, column 1: ", "reason=TEXT");
    refused("suppress any\n reason=x\n  until= 2026-02-29\n", "2026-02-29",
            "line 3, column 10: ", "a day such as 2027-01-31, not '2026-02-29'");
    refused("suppress any\n until=2026-1-2\n", "2026-1-2", "line 2, column 8: ", "a day such as");
    refused("suppress any\n until=2026-13-01\n", "2026-13", "line 2, column 8: ", "a day such as");
    refused("suppress any\n reason=\n id=x\n", "\n id", "line 2, column 9: ", "behind the =");
    refused("suppress any\n reason=x\n reason=y\n", "reason=y",
            "line 3, column 2: ", "second line");
    refused("suppress any\n reason=x\n color=y\n", "color", "line 3, column 2: ",
            "expected reason=, until=, id=, variable=, lock=, thread=, stack, a frame "
            "(function=, file=, module=, ...) or 'suppress KIND', not 'color=y'");
    refused("suppress any\n reason=x\nrace:foo\n", "race:foo",
            "line 3, column 1: ", "a file is of one syntax");
    refused("suppress any\n reason=x\n function=f\n", "function",
            "line 3, column 2: ", "'stack' above");
    refused("suppress any\n reason=x\n stack\n", "stack", "line 3, column 2: ", "frames below");
    refused("suppress any\n stack\n reason=x\n", "stack", "line 2, column 2: ", "frames below");
    refused("suppress any\n stack 0\n ...\n", "0", "line 2, column 8: ", "1 to 1000");
    refused("suppress any\n stack x\n ...\n", "x", "line 2, column 8: ", "1 to 1000");
    refused("suppress any\n stack\n module=a+0x\n", "0x\n", "line 3, column 11: ", "an offset");
    refused("suppress any\n stack\n module=+0x1\n", "+0x1",
            "line 3, column 9: ", "name of a module");
    refused("suppress any\n stack\n module=a+0x00000000000000001\n", "0x",
            "line 3, column 11: ", "an offset");
    refused("suppress any\n stack\n function=f & function=g\n", "function=f",
            "line 3, column 2: ", "second");
    refused("suppress any\n stack\n function= & module=g\n", " & module",
            "line 3, column 11: ", "behind the =");
}

static void test_refused_tsan(void **state)
{
    (void)state;
    refused("race:x\n races:y\n", "races", "line 2, column 2: ",
            "(race:, race_top:, thread:, mutex:, signal:, deadlock:, called_from_lib:), not "
            "'races:y'");
    refused("race:\n", "\n", "line 1, column 6: ", "a pattern behind 'race:'");
    refused("race:^\n", "^", "line 1, column 6: ", "a pattern");
    refused("race:$\n", "$", "line 1, column 6: ", "a pattern");
    refused("race:x\nsuppress any\n", "suppress", "line 2, column 1: ", "expected a type");
}

static void test_refused_valgrind(void **state)
{
    (void)state;
    refused("{\nname\nHelgrind:Rice\nfun:x\n}\n", "Rice",
            "line 3, column 10: ", "expected a kind of error of Helgrind (Race, FreeMemLock, ");
    refused("{\nname\nMemcheck,drd:Race\nfun:x\n}\n", "Race",
            "line 3, column 14: ", "of drd (ConflictingAccess, ");
    refused("{\nname\nRace\nfun:x\n}\n", "Race", "line 3, column 1: ", "as in Helgrind:Race");
    refused("{\nname\nHelgrind:Race\n  function:x\n}\n", "function",
            "line 4, column 3: ", "expected fun:, obj:, src:, ... or }, not 'function:x'");
    refused("{\nname\nHelgrind:Race\nfun:\n}\n", "\n}", "line 4, column 5: ", "behind the colon");
    refused("{\nname\nHelgrind:Race\n...\n}\n", "}", "line 5, column 1: ", "that is not '...'");
    refused("{\nname\nHelgrind:Race\nfun:x\n", NULL, "at the end: ", "and a }");
    refused("{\nname\nMemcheck:Leak\nfun:x\n", NULL, "at the end: ", "and a }");
    refused("{\n", NULL, "at the end: ", "and a }");
    refused("{ name\n", "{ name", "line 1, column 1: ", "a { alone");
    refused("{\na\nHelgrind:Race\nfun:x\n}\nrace:x\n", "race:x",
            "line 6, column 1: ", "a file is of one syntax");
}

static void test_refused_at_all(void **state)
{
    (void)state;
    struct sn_suppressions read = {0};
    struct sn_error err;
    refused("# words\n  leak:foo\x1b\n", "leak", "line 2, column 3: ",
            "expected a suppression of snarl's ('suppress KIND'), of ThreadSanitizer's "
            "('race:PATTERN') or of Valgrind's ('{'), not 'leak:foo?'");
    assert_int_equal(sn_suppressions_parse(&read, "zero", "race:x\n\0", 8, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 7);
    assert_int_equal(sn_suppressions_read(&read, "/nowhere/a.supp", &err), SN_E_SYSTEM);
    assert_string_equal(err.path, "/nowhere/a.supp");
    assert_int_equal(sn_suppressions_read(&read, "/", &err), SN_E_SYSTEM);
    assert_int_equal(sn_suppressions_read(&read, "/dev/zero", &err), SN_E_LIMIT);
    sn_suppressions_release(&read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_every_kind_has_its_word),
        cmocka_unit_test(test_tsan),
        cmocka_unit_test(test_valgrind),
        cmocka_unit_test(test_valgrind_untried),
        cmocka_unit_test(test_nothing_in_it),
        cmocka_unit_test(test_refused_own),
        cmocka_unit_test(test_refused_tsan),
        cmocka_unit_test(test_refused_valgrind),
        cmocka_unit_test(test_refused_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
