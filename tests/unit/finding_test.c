/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hazards, findings as they are built, and which part of a stack is one's own. */
#include "finding/finding.h"
#include "finding/index.h"
#include "finding/stack.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_hazards(void **state)
{
    (void)state;
    for (int kind = 0; kind < SN_HAZARDS; kind++) {
        const struct sn_hazard_info *info = &sn_hazards[kind];
        assert_int_equal(sn_hazard_by_id(info->id), kind);
        assert_true(info->levels != 0 && info->levels < 8);
        assert_true(info->definition[0] && info->advice[0]);
    }
    assert_true(SN_HAZARDS <= 32); /* sn_gate.kinds has a bit for each */
    assert_int_equal(sn_hazards[SN_DATA_RACE].severity, SN_SEVERITY_ERROR);
    assert_int_equal(sn_hazards[SN_BLOCKED_WHILE_HOLDING].severity, SN_SEVERITY_NOTE);
    assert_int_equal(sn_hazards[SN_WAIT_WITHOUT_PREDICATE].levels, SN_POSSIBLE);
    assert_int_equal(sn_hazards[SN_DEADLOCK].levels, SN_OBSERVED | SN_PREDICTED | SN_POSSIBLE);
    assert_int_equal(sn_hazard_by_id("data-races"), -1);
    assert_int_equal(sn_hazard_by_id(""), -1);
}

static void test_words(void **state)
{
    (void)state;
    for (int role = 0; role < SN_ROLES; role++)
        assert_int_equal(sn_role_by_name(sn_role_name(role)), role);
    assert_int_equal(sn_role_by_name("eats"), -1);
    assert_string_equal(sn_level_name(SN_PREDICTED), "predicted");
    assert_string_equal(sn_severity_name(SN_SEVERITY_WARNING), "warning");
    assert_string_equal(sn_status_name(SN_SUPPRESSED), "suppressed");
}

static void test_building(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    assert_int_equal(report.exit_status, -1);
    assert_true(report.complete);
    struct sn_finding *finding = sn_report_add(&report, SN_ABANDONED_LOCK, SN_OBSERVED);
    assert_int_equal(report.findings.count, 1);
    assert_int_equal(finding->count, 1);
    assert_int_equal(finding->severity, SN_SEVERITY_WARNING);
    assert_int_equal(finding->status, SN_NEW);

    finding->process = 2;
    struct sn_site *site = sn_finding_site(finding, SN_ROLE_HOLDS, 7);
    assert_int_equal(site->role, SN_ROLE_HOLDS);
    assert_int_equal(site->thread, 7);
    assert_int_equal(site->process, 2);

    struct sn_lock lock = {.id = 3};
    struct sn_thread first = {.id = 7, .process = 1}, second = {.id = 7, .process = 2};
    *vec_push(&finding->locks) = &lock;
    *vec_push(&finding->threads) = &first;
    *vec_push(&finding->threads) = &second;
    assert_ptr_equal(sn_finding_lock(finding, 3), &lock);
    assert_null(sn_finding_lock(finding, 0));
    assert_null(sn_finding_lock(finding, 4));
    assert_ptr_equal(sn_finding_thread(finding, 1, 7), &first);
    assert_ptr_equal(sn_finding_thread(finding, 2, 7), &second);
    assert_null(sn_finding_thread(finding, 2, 8));

    sn_report_release(&report);
    assert_int_equal(report.findings.count, 0);
}

static void test_index(void **state)
{
    (void)state;
    struct sn_report report;
    struct sn_index index;
    sn_report_init(&report);
    struct sn_finding *first = sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED);
    sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED); /* without an id */
    struct sn_finding *second = sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED);
    struct sn_finding *twin = sn_report_add(&report, SN_DEADLOCK, SN_OBSERVED);
    first->id = twin->id = "1:a";
    second->id = "1:b";
    sn_index_init(&index, &report);
    assert_ptr_equal(sn_index_find(&index, "1:a"), first);
    assert_ptr_equal(sn_index_find(&index, "1:b"), second);
    assert_null(sn_index_find(&index, "1:c"));
    assert_null(sn_index_find(&index, NULL));
    sn_index_release(&index);
    sn_report_release(&report);
    /* Ids are made of it: this value is for ever. */
    assert_true(sn_hash("garlic", 6) == UINT64_C(0xb235ca6acf0bb532));
}

static void test_own_frames(void **state)
{
    (void)state;
    const struct sn_frame own = {.function = "eat", .file = "eat.c", .module = "a.out"},
                          stripped = {.module = "a.out"}, library = {.module = "libbz2.so.1.0"},
                          hook = {.function = "pthread_mutex_lock", .module = "libsnarl.so"},
                          libc = {.function = "qsort", .module = "libc.so.6"},
                          start = {.function = "_start", .module = "a.out"},
                          header = {.function = "lock",
                                    .file = "/usr/include/c++/12/bits/std_mutex.h",
                                    .module = "a.out"},
                          standard = {.function = "std::thread::join()", .module = "a.out"};
    assert_true(sn_frame_is_own(&own));
    assert_true(sn_frame_is_own(&stripped));
    assert_true(sn_frame_is_own(&library));
    assert_false(sn_frame_is_own(&hook));
    assert_false(sn_frame_is_own(&libc));
    assert_false(sn_frame_is_own(&start));
    assert_false(sn_frame_is_own(&header));
    assert_false(sn_frame_is_own(&standard));

    /* A call back from libc in the middle stays; so does the library function that was called. */
    struct sn_frame frames[] = {hook, header, own, libc, own, libc, start};
    struct sn_stack stack = {frames, 7}, trimmed = sn_stack_trim(&stack);
    assert_ptr_equal(trimmed.frames, &frames[1]);
    assert_int_equal(trimmed.count, 4);
    assert_ptr_equal(sn_stack_place(&stack), &frames[2]);

    struct sn_stack nothing_own = {&frames[5], 2}, empty = {NULL, 0};
    assert_int_equal(sn_stack_trim(&nothing_own).count, 2);
    assert_ptr_equal(sn_stack_place(&nothing_own), &frames[5]);
    assert_int_equal(sn_stack_trim(&empty).count, 0);
    assert_null(sn_stack_place(&empty));
}

static void test_base_name(void **state)
{
    (void)state;
    assert_string_equal(sn_base_name("/a/b.c"), "b.c");
    assert_string_equal(sn_base_name("b.c"), "b.c");
    assert_null(sn_base_name(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hazards),    cmocka_unit_test(test_words),
        cmocka_unit_test(test_building),   cmocka_unit_test(test_index),
        cmocka_unit_test(test_own_frames), cmocka_unit_test(test_base_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
