/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an id must not depend on (addresses, lines, paths, thread numbers, the compiler's clones)
 * and what it must (kind, functions, names), merging, order, and where depends_on points.
 */
#include "finding/finding.h"
#include "finding/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* One way in which the same philosophers' deadlock may come out. */
struct variant {
    const char *function, *file, *module, *lock_a, *lock_b, *outer, *begin, *variable;
    uint32_t line, thread_a, thread_b;
    uint64_t offset;
    bool inner_hook, swap;
    size_t recursion;
    enum sn_hazard kind;
    enum sn_role second;
};

static const struct variant usual = {
    .function = "philosopher",
    .file = "philosophers.c",
    .module = "a.out",
    .lock_a = "chopstick_a",
    .lock_b = "chopstick_b",
    .outer = "start_thread",
    .line = 20,
    .thread_a = 1,
    .thread_b = 2,
    .offset = 0x1234,
    .recursion = 1,
    .kind = SN_DEADLOCK,
    .second = SN_ROLE_WAITS,
};

static struct sn_stack stack_of(struct sn_report *report, const struct variant *v, uint32_t line)
{
    struct sn_frame *frames = SN_NEW_ARRAY(&report->arena, struct sn_frame, v->recursion + 2);
    size_t count = 0;
    if (v->inner_hook)
        frames[count++] =
            (struct sn_frame){.function = "pthread_mutex_lock", .module = "libsnarl.so"};
    for (size_t i = 0; i < v->recursion; i++)
        frames[count++] = (struct sn_frame){.function = v->function,
                                            .file = v->file,
                                            .line = line,
                                            .module = v->module,
                                            .offset = v->offset,
                                            .pc = 0x5500000000 + v->offset};
    if (v->begin)
        frames[count++] = (struct sn_frame){.function = v->begin, .module = "a.out"};
    frames[count++] = (struct sn_frame){.function = v->outer, .module = "libc.so.6"};
    return (struct sn_stack){frames, count};
}

static void add_party(struct sn_report *report, struct sn_finding *finding, const struct variant *v,
                      uint32_t thread, uint32_t holds, uint32_t waits)
{
    uint32_t *held = SN_NEW(&report->arena, uint32_t);
    *held = holds;
    struct sn_site *site = sn_finding_site(finding, SN_ROLE_HOLDS, thread);
    site->lock = holds;
    site->stack = stack_of(report, v, v->line);
    site = sn_finding_site(finding, v->second, thread);
    site->lock = waits;
    site->locks_held = held;
    site->locks_held_count = 1;
    site->stack = stack_of(report, v, v->line + 1);
}

static struct sn_lock *new_lock(struct sn_report *report, uint32_t id, const char *name)
{
    struct sn_lock *lock = SN_NEW(&report->arena, struct sn_lock);
    *lock = (struct sn_lock){.id = id, .name = name, .type = "mutex", .address = 0x4000 + id};
    return lock;
}

static struct sn_finding *add(struct sn_report *report, struct variant v)
{
    struct sn_finding *finding = sn_report_add(report, v.kind, SN_OBSERVED);
    *vec_push(&finding->locks) = new_lock(report, 10, v.lock_a);
    *vec_push(&finding->locks) = new_lock(report, 11, v.lock_b);
    if (v.variable) {
        finding->variable = SN_NEW(&report->arena, struct sn_variable);
        finding->variable->name = v.variable;
    }
    if (!v.swap)
        add_party(report, finding, &v, v.thread_a, 10, 11);
    add_party(report, finding, &v, v.thread_b, 11, 10);
    if (v.swap)
        add_party(report, finding, &v, v.thread_a, 10, 11);
    return finding;
}

/* The id of a finding alone in its report. */
static void id_of(char id[64], struct variant v)
{
    struct sn_report report;
    sn_report_init(&report);
    add(&report, v);
    sn_report_fingerprint(&report);
    snprintf(id, 64, "%s", report.findings.at[0]->id);
    sn_report_release(&report);
}

static bool same_id(struct variant v)
{
    char a[64], b[64];
    id_of(a, usual);
    id_of(b, v);
    assert_int_equal(strlen(a), 18);
    assert_memory_equal(a, "1:", 2);
    assert_int_equal(strspn(a + 2, "0123456789abcdef"), 16);
    return strcmp(a, b) == 0;
}

#define WITH(...)                                                                                  \
    ({                                                                                             \
        struct variant v_ = usual;                                                                 \
        struct variant *v = &v_;                                                                   \
        __VA_ARGS__;                                                                               \
        v_;                                                                                        \
    })

static void test_what_does_not_matter(void **state)
{
    (void)state;
    assert_true(same_id(usual));
    assert_true(same_id(WITH(v->line = 30)));
    assert_true(same_id(WITH(v->offset = 0x9999)));
    assert_true(same_id(WITH(v->file = "/home/olivia/src/philosophers.c")));
    assert_true(same_id(WITH(v->thread_a = 9, v->thread_b = 4)));
    assert_true(same_id(WITH(v->swap = true)));
    assert_true(same_id(WITH(v->inner_hook = true)));
    assert_true(same_id(WITH(v->outer = NULL)));
    assert_true(same_id(WITH(v->recursion = 5)));
    assert_true(same_id(WITH(v->function = "philosopher.part.0")));
    assert_true(same_id(WITH(v->function = "philosopher.constprop.0.isra.0")));
    assert_true(same_id(WITH(v->function = "philosopher.llvm.123456")));
    assert_true(same_id(WITH(v->function = "philosopher.cold")));
    assert_true(same_id(WITH(v->function = "philosopher [clone .cold]")));
}

static void test_what_matters(void **state)
{
    (void)state;
    assert_false(same_id(WITH(v->kind = SN_LIVELOCK)));
    assert_false(same_id(WITH(v->second = SN_ROLE_TRIES)));
    assert_false(same_id(WITH(v->function = "waiter")));
    assert_false(same_id(WITH(v->function = "philosopher.partly")));
    assert_false(same_id(WITH(v->lock_b = "chopstick_c")));
    assert_false(same_id(WITH(v->variable = "sushi_count")));
    assert_false(same_id(WITH(v->function = NULL)));
}

static bool same_names(const char *a, const char *b)
{
    char left[64], right[64];
    id_of(left, WITH(v->lock_a = a));
    id_of(right, WITH(v->lock_a = b));
    return strcmp(left, right) == 0;
}

static void test_made_up_names(void **state)
{
    (void)state;
    assert_true(same_names("lock (struct queue, made at queue.c:31)",
                           "lock (struct queue, made at /src/lib/queue.c:44)"));
    assert_true(same_names("mutex 0x7ffd1230", "mutex 0x55e0aa"));
    assert_true(same_names("mutex #2", "mutex #3"));
    assert_true(same_names(NULL, NULL));
    assert_false(same_names("table[1].lock", "table[2].lock"));
    assert_false(same_names("made at queue.c:31", "made at stack.c:31"));
    assert_false(same_names("std::mutex", "std::lock"));
}

static void check_key(const char *function, const char *expected)
{
    struct sn_text key = {0};
    sn_function_key(&key, function);
    assert_string_equal(key.at, expected);
    sn_text_release(&key);
}

static void test_keys(void **state)
{
    (void)state;
    check_key("philosopher", "philosopher");
    check_key("philosopher.isra.0", "philosopher");
    check_key("serve(int, char const*)", "serve");
    check_key("kitchen::cook::serve(std::map<int, int>) const", "kitchen::cook::serve");
    check_key("void kitchen::serve<int, (1)>(int)", "kitchen::serve");
    check_key("serve<int>", "serve");
    check_key("kitchen::(anonymous namespace)::serve()", "kitchen::serve");
    check_key("std::function<void (int)>::operator()(int) const", "std::function::operator()");
    check_key("pot::operator<<(int)", "pot::operator<<");
    check_key("pot::operator bool() const", "pot::operator bool");
    check_key("bool operator==(pot const&, pot const&)", "operator==");
    check_key("operators(int)", "operators");
    check_key("main::{lambda()#1}::operator()() const", "main::{lambda}::operator()");
    check_key("main::{lambda(auto:1)#2}::operator()<int>(int) const", "main::{lambda}::operator()");
    check_key("main::<lambda()>::operator()", "main::{lambda}::operator()");
    check_key("main::$_0::operator()() const", "main::{lambda}::operator()");
    check_key("cook(int)::pan::heat()", "cook::pan::heat");
    check_key("cook() const::{lambda()#1}::operator()() const", "cook::{lambda}::operator()");
    check_key("decltype(auto) cook<int>()", "cook");
    check_key("serve[abi:cxx11](int)", "serve");
    check_key("main._omp_fn.0", "{omp}");
    check_key(".omp_outlined._debug__", "{omp}");
    check_key("__cxx_global_var_init.1", "{init}");
    check_key("_GLOBAL__sub_I_main", "{init}");
    check_key("<T as core::fmt::Debug>::fmt", "<T as core::fmt::Debug>::fmt");
    check_key("a > ) <", "<");
    check_key("(((", "(((");
    check_key("", "");
    assert_true(sn_function_is_lambda("main::{lambda}::operator()"));
    assert_false(sn_function_is_lambda("main"));
}

/* gcc and clang, and code that a thread's first lambda has jumped to. */
static void test_compilers(void **state)
{
    (void)state;
    assert_true(same_id(WITH(v->function = "philosopher(int)")));
    assert_true(same_id(WITH(v->begin = "main::{lambda()#1}::operator()() const")));
    assert_false(same_id(WITH(v->begin = "table::dine(int)")));
}

static void test_stripped(void **state)
{
    (void)state;
    char a[64], b[64], c[64];
    id_of(a, WITH(v->function = NULL, v->file = NULL));
    id_of(b, WITH(v->function = NULL, v->file = NULL, v->offset = 7));
    id_of(c, WITH(v->function = NULL, v->file = NULL, v->module = "b.out"));
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

/* A lock that one party happened to hold on its way says nothing about a race. */
static struct sn_finding *add_race(struct sn_report *report, enum sn_role second, bool holding)
{
    struct sn_finding *race = sn_report_add(report, SN_DATA_RACE, SN_OBSERVED);
    static const uint32_t held[] = {10};
    if (holding)
        *vec_push(&race->locks) = new_lock(report, 10, "pencil");
    for (uint32_t thread = 1; thread <= 2; thread++) {
        enum sn_role role = thread == 1 ? SN_ROLE_WRITE : second;
        struct sn_site *site = sn_finding_site(race, role, thread);
        site->stack = stack_of(report, &usual, 11);
        site->locks_held = held;
        site->locks_held_count = holding && thread == 1;
    }
    return race;
}

static void test_race(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    add_race(&report, SN_ROLE_READ, false)->count = 5;
    add_race(&report, SN_ROLE_WRITE, true)->count = 3;
    add_race(&report, SN_ROLE_FREE, false);
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 2);
    const struct sn_finding *first = report.findings.at[0], *second = report.findings.at[1];
    assert_int_equal(first->count + second->count, 9);
    assert_string_not_equal(first->id, second->id);
    sn_report_release(&report);
}

static void test_merging(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    struct sn_finding *first = add(&report, WITH(v->line = 30, v->thread_a = 5));
    add(&report, WITH(v->line = 30, v->swap = true))->count = 10;
    add(&report, WITH(v->line = 9));
    add(&report, WITH(v->line = 100));
    sn_report_fingerprint(&report);
    /* Other lines, other findings: numbered in the order of their places. */
    assert_int_equal(report.findings.count, 3);
    size_t plain = strlen("1:0123456789abcdef");
    assert_int_equal(report.findings.at[0]->sites.at[0].stack.frames[0].line, 9);
    assert_int_equal(strlen(report.findings.at[0]->id), plain);
    assert_ptr_equal(report.findings.at[1], first);
    assert_int_equal(first->count, 11);
    assert_string_equal(first->id + plain, "-2");
    assert_memory_equal(first->id, report.findings.at[0]->id, plain);
    assert_int_equal(report.findings.at[2]->sites.at[0].stack.frames[0].line, 100);
    assert_string_equal(report.findings.at[2]->id + plain, "-3");

    /* And again: nothing changes. */
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 3);
    assert_ptr_equal(report.findings.at[1], first);
    assert_int_equal(first->count, 11);
    sn_report_release(&report);
}

static void test_the_most_certain_is_kept(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    struct sn_finding *other = add_race(&report, SN_ROLE_WRITE, false);
    struct sn_finding *possible = add(&report, usual), *dependent = add(&report, usual);
    struct sn_finding *certain = add(&report, usual);
    possible->level = SN_POSSIBLE;
    dependent->depends_on_finding = other;
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 2);
    assert_ptr_equal(report.findings.at[1], certain);
    assert_int_equal(certain->count, 3);
    assert_null(certain->depends_on);
    sn_report_release(&report);
}

static void test_depends_on(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    struct sn_finding *kept = add(&report, usual), *gone = add(&report, usual);
    struct sn_finding *later = add(&report, WITH(v->function = "waiter"));
    struct sn_finding *itself = add_race(&report, SN_ROLE_WRITE, false);
    struct sn_finding *twin = add_race(&report, SN_ROLE_WRITE, false);
    later->depends_on_finding = gone;
    itself->depends_on_finding = twin;
    twin->depends_on_finding = itself;
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 3);
    assert_ptr_equal(later->depends_on_finding, kept);
    assert_string_equal(later->depends_on, kept->id);
    assert_null(itself->depends_on_finding);
    assert_null(itself->depends_on);
    sn_report_release(&report);
}

static void test_order(void **state)
{
    (void)state;
    static const struct {
        enum sn_hazard kind;
        enum sn_level level;
        const char *function;
    } shuffled[] = {
        {SN_DEADLOCK, SN_POSSIBLE, "a"},
        {SN_STARVATION, SN_OBSERVED, "a"},
        {SN_LIVELOCK, SN_OBSERVED, "a"},
        {SN_DEADLOCK, SN_PREDICTED, "b"},
        {SN_BLOCKED_WHILE_HOLDING, SN_OBSERVED, "a"},
        {SN_DEADLOCK, SN_OBSERVED, "c"},
        {SN_DEADLOCK, SN_OBSERVED, "d"},
    };
    static const size_t order[] = {5, 6, 2, 1, 4, 3, 0};
    struct sn_report report;
    sn_report_init(&report);
    for (size_t i = 0; i < 7; i++)
        add(&report, WITH(v->kind = shuffled[i].kind, v->function = shuffled[i].function))->level =
            shuffled[i].level;
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(report.findings.at[i]->kind, shuffled[order[i]].kind);
        assert_int_equal(report.findings.at[i]->level, shuffled[order[i]].level);
    }
    assert_true(strcmp(report.findings.at[0]->id, report.findings.at[1]->id) < 0);
    sn_report_release(&report);
}

static void test_nothing(void **state)
{
    (void)state;
    struct sn_report report;
    sn_report_init(&report);
    sn_report_fingerprint(&report);
    assert_int_equal(report.findings.count, 0);
    sn_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_matter),
        cmocka_unit_test(test_what_matters),
        cmocka_unit_test(test_made_up_names),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_compilers),
        cmocka_unit_test(test_stripped),
        cmocka_unit_test(test_race),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_the_most_certain_is_kept),
        cmocka_unit_test(test_depends_on),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
