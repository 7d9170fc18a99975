/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings are taken to have one cause. */
#include "finding/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct sn_report report;

static struct sn_stack stack_in(const char *function, const char *caller)
{
    struct sn_stack stack = {SN_NEW_ARRAY(&report.arena, struct sn_frame, 2), 2};
    stack.frames[0] = (struct sn_frame){.function = function, .module = "a.out"};
    stack.frames[1] = (struct sn_frame){.function = caller, .module = "a.out"};
    return stack;
}

/* A finding of KIND in two functions, either of which may be unknown. */
static struct sn_finding *add(enum sn_hazard kind, const char *one, const char *other)
{
    const char *functions[] = {one, other};
    struct sn_finding *finding = sn_report_add(&report, kind, SN_OBSERVED);
    for (uint32_t i = 0; i < 2; i++)
        sn_finding_site(finding, SN_ROLE_WRITE, i)->stack = stack_in(functions[i], "main");
    finding->id = sn_sprintf(&report.arena, "1:%zu", report.findings.count);
    return finding;
}

static struct sn_finding *add_race(const char *one, const char *other, const char *place,
                                   const char *name, const char *maker)
{
    struct sn_finding *race = add(SN_DATA_RACE, one, other);
    race->variable = SN_NEW(&report.arena, struct sn_variable);
    race->variable->place = place;
    race->variable->name = name;
    if (maker)
        race->variable->allocated_at = stack_in("xmalloc", maker);
    return race;
}

static bool have_one(const struct sn_finding *a, const struct sn_finding *b)
{
    return a->cause && b->cause && strcmp(a->cause, b->cause) == 0;
}

static int begin(void **state)
{
    (void)state;
    sn_report_init(&report);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sn_report_release(&report);
    return 0;
}

static void the_same_functions(void **state)
{
    (void)state;
    struct sn_finding *first = add(SN_DATA_RACE, "cook", "eat(int)");
    struct sn_finding *other = add(SN_DATA_RACE, "cook", "sleep_");
    struct sn_finding *turned = add(SN_DATA_RACE, "eat", "cook.part.0");
    struct sn_finding *lock = add(SN_DEADLOCK, "cook", "eat");
    sn_report_causes(&report);
    assert_string_equal(first->cause, first->id);
    assert_string_equal(turned->cause, first->id);
    assert_null(other->cause);
    assert_null(lock->cause);
}

static void the_same_variable(void **state)
{
    (void)state;
    struct sn_finding *soup = add_race("cook", "cook", "global", "pot.soup", NULL);
    struct sn_finding *lid = add_race("eat", "eat", "global", "pot.lid[2]", NULL);
    struct sn_finding *pots = add_race("wash", "wash", "global", "pots", NULL);
    struct sn_finding *plate = add_race("a", "a", "heap", "block of 8 bytes", "serve");
    struct sn_finding *again = add_race("b", "b", "heap", "block of 16 bytes", "serve");
    struct sn_finding *cup = add_race("c", "c", "heap", "block of 8 bytes", "pour");
    struct sn_finding *slip = add_race("d", "d", "stack", "local variable", NULL);
    sn_report_causes(&report);
    assert_true(have_one(soup, lid));
    assert_null(pots->cause);
    assert_true(have_one(plate, again));
    assert_null(cup->cause);
    assert_null(slip->cause);
    assert_false(have_one(soup, plate));
}

static void what_is_unknown_has_none(void **state)
{
    (void)state;
    struct sn_finding *one = add(SN_DATA_RACE, NULL, NULL);
    struct sn_finding *two = add(SN_DATA_RACE, NULL, NULL);
    struct sn_finding *half = add(SN_DATA_RACE, "cook", NULL);
    struct sn_finding *whole = add(SN_DATA_RACE, "cook", "cook");
    struct sn_finding *nowhere = sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED);
    nowhere->id = "1:0";
    sn_report_causes(&report);
    const struct sn_finding *const all[] = {one, two, half, whole, nowhere};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_null(all[i]->cause);
}

/* By a function with one, by the variable with another. */
static void it_is_passed_on(void **state)
{
    (void)state;
    struct sn_finding *one = add_race("eat", "eat", "global", "forks", NULL);
    struct sn_finding *two = add_race("cook", "cook", "global", "pot.soup", NULL);
    struct sn_finding *between = add_race("cook", "cook", "global", "forks.left", NULL);
    sn_report_causes(&report);
    assert_string_equal(one->cause, one->id);
    assert_string_equal(two->cause, one->id);
    assert_string_equal(between->cause, one->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_functions, begin, end),
        cmocka_unit_test_setup_teardown(the_same_variable, begin, end),
        cmocka_unit_test_setup_teardown(what_is_unknown_has_none, begin, end),
        cmocka_unit_test_setup_teardown(it_is_passed_on, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
