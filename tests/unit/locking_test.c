/* SPDX-License-Identifier: Apache-2.0 */
/* What is summed up of a run: which accesses were made under which locks, and which say nothing. */
#include "analyzer/analysis.h"
#include "finding/locking.h"
#include "report/lock_roles.h"

#include "trace_test.h"

#define THREADS                                                                                    \
    "T0 thread_create T1\nT0 thread_create T2\n"                                                   \
    "T1 thread_start parent=T0\nT2 thread_start parent=T0\n"
#define LOCK(thread, lock)   "T" #thread " acquire mutex " lock " [0x201 0x300]\n"
#define UNLOCK(thread, lock) "T" #thread " release mutex " lock " [0x202 0x300]\n"

static struct sn_report report;

static const struct sn_locking *locking_of(const char *text)
{
    struct trace trace = trace_of(text);
    struct tr_reader *reader = trace_open(&trace);
    struct an_options options;
    struct sn_error err;
    an_options_default(&options);
    options.locking = true;
    sn_report_init(&report);
    *vec_push(&report.processes) = (struct sn_process){.id = 1, .pid = 1};
    assert_int_equal(an_analyze(reader, &report, &options, NULL, NULL, &err), 0);
    tr_reader_close(reader);
    trace_free(&trace);
    assert_int_equal(report.lockings.count, 1);
    return report.lockings.at[0];
}

/* The Nth use at PC. */
static const struct sn_use *use_at(const struct sn_locking *locking, uint64_t pc, size_t n)
{
    vec_each (const struct sn_use, use, &locking->uses)
        if (locking->stacks.at[use->stack].frames[0].pc == pc && n-- == 0)
            return use;
    fail_msg("there is no such use");
    return NULL;
}

static void an_access_has_its_locks(void **state)
{
    (void)state;
    const struct sn_locking *locking =
        locking_of(THREADS "T1 write 4 0x6040 [0x100 0x300]\n" LOCK(1, "0x6000") LOCK(
            1, "0x7000") "T1 write 4 0x6040 [0x101 0x300]\n" UNLOCK(1, "0x7000") UNLOCK(1, "0x6000")
                       LOCK(2, "0x6000") "T2 write 4 0x6040 [0x101 0x300]\n" UNLOCK(2, "0x6000"));
    const struct sn_use *bare = use_at(locking, 0x100, 0), *use = use_at(locking, 0x101, 0);
    assert_int_equal(bare->held_count, 0);
    assert_int_equal(bare->kind, SN_USE_WRITE);
    assert_int_equal(use->held_count, 2);
    assert_int_equal(use->count, 1);
    assert_int_equal(use->own, 1);
    assert_int_equal(locking->cast.locks.at[use->held[0].lock]->address, 0x6000);
    assert_int_equal(use->held[0].from, -0x40);
    assert_int_equal(use->held[0].to, -0x40);
    assert_int_equal(locking->stacks.at[use->held[1].stack].frames[0].pc, 0x201);
    const struct sn_use *other = use_at(locking, 0x101, 1);
    assert_int_equal(other->held_count, 1);
    assert_int_equal(other->own, 0);
    sn_report_release(&report);
}

static void what_is_one_is_counted(void **state)
{
    (void)state;
    const struct sn_locking *locking =
        locking_of(THREADS LOCK(1, "0x6000") "T1 write 4 0x6040 [0x101]\n" UNLOCK(1, "0x6000")
                       LOCK(2, "0x6000") "T2 write 4 0x6040 [0x101]\n" UNLOCK(2, "0x6000")
                           LOCK(2, "0x6000") "T2 write 4 0x6040 [0x101]\n" UNLOCK(2, "0x6000"));
    const struct sn_use *use = use_at(locking, 0x101, 0);
    assert_int_equal(use->count, 3);
    assert_int_equal(use->users, 1 << 1 | 1 << 2);
    assert_int_equal(use_at(locking, 0x201, 0)->count, 3);
    assert_int_equal(locking->uses.count, 3);
    sn_report_release(&report);
}

static void alone_nothing_is_said(void **state)
{
    (void)state;
    const struct sn_locking *locking = locking_of("T0 write 4 0x6040 [0x100]\nT0 thread_create T1\n"
                                                  "T0 write 4 0x6040 [0x101]\n"
                                                  "T1 thread_start parent=T0\nT1 thread_exit\n"
                                                  "T0 write 4 0x6040 [0x102]\nT0 join T1\n"
                                                  "T0 write 4 0x6040 [0x103]\n");
    assert_int_equal(use_at(locking, 0x100, 0)->alone, 1);
    assert_int_equal(use_at(locking, 0x101, 0)->alone, 0);
    assert_int_equal(use_at(locking, 0x102, 0)->alone, 0);
    assert_int_equal(use_at(locking, 0x103, 0)->alone, 1);
    sn_report_release(&report);
}

/* Until others come to the block; and a new block at its place is a new one. */
static void whoever_makes_a_block_fills_it_in(void **state)
{
    (void)state;
    const struct sn_locking *locking =
        locking_of(THREADS "T1 alloc 0x9000 size=64 [0x400]\n"
                           "T1 write 4 0x9010 [0x101]\nT1 write 4 0x9020 [0x102]\n"
                           "T2 read 4 0x9010 [0x103]\nT1 write 4 0x9020 [0x104]\n"
                           "T1 free 0x9000 size=64\nT2 alloc 0x9000 size=64 [0x400]\n"
                           "T2 write 4 0x9010 [0x105]\nT1 alloc 0x9100 size=64 [0x400]\n"
                           "T2 write 4 0x9110 [0x106]\n");
    assert_int_equal(use_at(locking, 0x101, 0)->initial, 1);
    assert_int_equal(use_at(locking, 0x102, 0)->initial, 1);
    assert_int_equal(use_at(locking, 0x103, 0)->initial + use_at(locking, 0x103, 0)->own, 0);
    assert_int_equal(use_at(locking, 0x104, 0)->initial + use_at(locking, 0x104, 0)->own, 0);
    assert_int_equal(use_at(locking, 0x105, 0)->initial, 1);
    assert_int_equal(use_at(locking, 0x106, 0)->initial, 0);
    assert_int_equal(use_at(locking, 0x106, 0)->own, 1);
    sn_report_release(&report);
}

static void what_is_there_before_a_thread_is_made_is_initial(void **state)
{
    (void)state;
    const struct sn_locking *locking = locking_of(
        "T0 thread_create T1\nT1 thread_start parent=T0\n"
        "T0 write 4 0x6000 [0x101]\nT0 write 4 0x6010 [0x102]\nT0 write 4 0x6020 [0x103]\n"
        "T0 thread_create T2\nT0 write 4 0x6010 [0x104]\nT2 thread_start parent=T0\n"
        "T2 read 4 0x6000 [0x105]\nT2 read 4 0x6010 [0x106]\nT1 read 4 0x6020 [0x107]\n"
        "T0 write 4 0x6000 [0x108]\n");
    assert_int_equal(use_at(locking, 0x101, 0)->initial, 1);
    assert_int_equal(use_at(locking, 0x101, 0)->own, 0);
    assert_int_equal(use_at(locking, 0x102, 0)->initial, 0); /* there is a later one */
    assert_int_equal(use_at(locking, 0x103, 0)->initial, 0); /* T1 was made before */
    assert_int_equal(use_at(locking, 0x105, 0)->own, 1);
    assert_int_equal(use_at(locking, 0x106, 0)->own, 0);
    assert_int_equal(use_at(locking, 0x108, 0)->own + use_at(locking, 0x108, 0)->initial, 0);
    sn_report_release(&report);
}

static void only_parts_of_one_block_have_a_distance(void **state)
{
    (void)state;
    const struct sn_locking *locking =
        locking_of(THREADS "T1 alloc 0x9000 size=64 [0x400]\nT1 alloc 0x9100 size=64 [0x401]\n"
                           "T1 object_new mutex 0x9000 [0x402]\n" LOCK(
                               1, "0x9000") "T1 write 4 0x9030 [0x101]\nT1 write 4 0x9130 [0x102]\n"
                                            "T1 write 4 0x6000 [0x103]\n");
    const struct sn_use *use = use_at(locking, 0x101, 0);
    assert_false(use->held[0].apart);
    assert_int_equal(use->held[0].from, -0x30);
    assert_true(use_at(locking, 0x102, 0)->held[0].apart);
    assert_true(use_at(locking, 0x103, 0)->held[0].apart);
    sn_report_release(&report);
}

/* Members of blocks that one place makes are one lock; elements of an array are one, too, where
 * there are many. */
static void locks_made_alike_are_one(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_text_puts(&text, THREADS);
    for (unsigned i = 0; i < 40; i++)
        sn_text_printf(&text,
                       "T1 alloc 0x%x size=64 [0x400]\nT1 object_new mutex 0x%x [0x402]\n"
                       "T1 acquire mutex 0x%x [0x201]\nT1 release mutex 0x%x [0x202]\n",
                       0x9000 + i * 64, 0x9008 + i * 64, 0x9008 + i * 64, 0x9008 + i * 64);
    sn_text_puts(&text, "T1 alloc 0x10000 size=4096 [0x401]\n");
    for (unsigned i = 0; i < 100; i++)
        sn_text_printf(&text,
                       "T1 object_new mutex 0x%x [0x403]\nT1 acquire mutex 0x%x [0x203]\n"
                       "T1 release mutex 0x%x [0x204]\n",
                       0x10000 + i * 40, 0x10000 + i * 40, 0x10000 + i * 40);
    const struct sn_locking *locking = locking_of(text.at);
    assert_int_equal(locking->objects.at[0], 40);
    assert_in_range(locking->cast.locks.count, 2, 20);
    uint64_t objects = 0;
    vec_each (const uint32_t, count, &locking->objects)
        objects += *count;
    assert_int_equal(objects, 140);
    sn_text_release(&text);
    sn_report_release(&report);
}

static void a_walk_through_an_array_is_few_uses(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_text_puts(&text, THREADS LOCK(1, "0x6000"));
    for (unsigned i = 0; i < 1000; i++)
        sn_text_printf(&text, "T1 write 4 0x%x [0x101]\n", 0x6100 + i * 4);
    const struct sn_locking *locking = locking_of(text.at);
    uint64_t count = 0, uses = 0;
    int64_t least = 0;
    vec_each (const struct sn_use, use, &locking->uses) {
        if (use->kind != SN_USE_WRITE)
            continue;
        uses++;
        count += use->count;
        least = use->held[0].from < least ? use->held[0].from : least;
    }
    assert_in_range(uses, 2, 10);
    assert_int_equal(count, 1000);
    assert_int_equal(least, -0x100 - 999 * 4);
    sn_text_release(&text);
    sn_report_release(&report);
}

static void beyond_the_limit_stacks_are_coarse(void **state)
{
    (void)state;
    struct sn_text text = {0};
    sn_text_puts(&text, THREADS);
    for (unsigned i = 0; i < 101000; i++)
        sn_text_printf(&text, "T1 write 4 0x6000 [0x101 0x%x]\n", 0x1000 + i);
    const struct sn_locking *locking = locking_of(text.at);
    assert_int_equal(locking->uses.count, 100001);
    const struct sn_use *last = vec_last(&locking->uses);
    assert_true(last->coarse);
    assert_int_equal(last->count, 1000);
    sn_text_release(&text);
    sn_report_release(&report);
}

/* What is held behind a wait was taken where it was taken first. */
static void a_wait_takes_nothing(void **state)
{
    (void)state;
    const struct sn_locking *locking =
        locking_of(THREADS LOCK(1, "0x5000") "T1 cond_wait 0x6000 mutex=0x5000 [0x211]\n"
                                             "T1 release mutex 0x5000 in_wait [0x211]\n"
                                             "T2 cond_signal 0x6000 [0x212]\n"
                                             "T1 acquire mutex 0x5000 in_wait [0x211]\n"
                                             "T1 cond_wake 0x6000 [0x211]\n"
                                             "T1 write 4 0x7000 [0x101]\n" UNLOCK(1, "0x5000"));
    const struct sn_use *use = use_at(locking, 0x101, 0);
    assert_int_equal(use->held_count, 1);
    assert_int_equal(locking->stacks.at[use->held[0].stack].frames[0].pc, 0x201);
    vec_each (const struct sn_use, any, &locking->uses)
        assert_int_not_equal(locking->stacks.at[any->stack].frames[0].pc, 0x211);
    sn_report_release(&report);
}

static void nobody_asked(void **state)
{
    (void)state;
    struct trace trace = trace_of(THREADS "T1 write 4 0x6000 [0x101]\n");
    struct tr_reader *reader = trace_open(&trace);
    struct an_options options;
    struct sn_error err;
    an_options_default(&options);
    sn_report_init(&report);
    assert_int_equal(an_analyze(reader, &report, &options, NULL, NULL, &err), 0);
    assert_int_equal(report.lockings.count, 0);
    tr_reader_close(reader);
    trace_free(&trace);
    sn_report_release(&report);
}

/* Functions -------------------------------------------------------------------------------------
 */

static struct sn_frame frame(const char *function, uint32_t line)
{
    return (struct sn_frame){.function = function, .file = "a.c", .line = line, .module = "a"};
}

static const struct sn_lock_role *role_in(const struct sn_lock_roles *roles, const char *function)
{
    vec_each (const struct sn_function_locks, at, &roles->functions)
        if (strcmp(roles->frames.at[at->frame]->function, function) == 0)
            return at->roles.count ? &at->roles.at[0] : NULL;
    return NULL;
}

/* One access with stack WHERE, under a lock taken with stack TAKEN. */
static void roles_of(struct sn_locking *locking, struct sn_lock_roles *roles, struct sn_stack where,
                     struct sn_stack taken)
{
    static struct sn_use_lock held = {.stack = 1};
    *locking = (struct sn_locking){0};
    *vec_push(&locking->stacks) = where;
    *vec_push(&locking->stacks) = taken;
    *vec_push(&locking->uses) = (struct sn_use){
        .kind = SN_USE_WRITE, .variable = 1, .count = 2, .held = &held, .held_count = 1};
    sn_lock_roles_init(roles, locking);
}

static void functions_have_roles(void **state)
{
    (void)state;
    struct sn_frame where[] = {frame("put", 10), frame("work", 21), frame("root", 30)};
    struct sn_frame taken[] = {frame("wrapper", 5), frame("work", 20), frame("root", 30)};
    struct sn_locking locking;
    struct sn_lock_roles roles;
    roles_of(&locking, &roles, (struct sn_stack){where, 3}, (struct sn_stack){taken, 3});
    assert_int_equal(role_in(&roles, "put")->held, 2);
    assert_int_equal(role_in(&roles, "put")->taken, 0);
    assert_int_equal(role_in(&roles, "work")->taken, 2);
    assert_int_equal(role_in(&roles, "work")->held, 0);
    assert_int_equal(role_in(&roles, "root")->taken, 2);
    assert_int_equal(role_in(&roles, "wrapper")->returned, 2);
    sn_lock_roles_release(&roles);
    sn_locking_release(&locking);
}

/* Code that tells its calls itself does not tell those of libraries. */
static void frames_may_be_missing(void **state)
{
    (void)state;
    struct sn_frame where[] = {frame("put", 10), frame("work", 21)};
    struct sn_frame taken[] = {frame("work", 20), frame("library", 1), frame("root", 30)};
    struct sn_locking locking;
    struct sn_lock_roles roles;
    roles_of(&locking, &roles, (struct sn_stack){where, 2}, (struct sn_stack){taken, 3});
    assert_int_equal(role_in(&roles, "put")->held, 2);
    assert_int_equal(role_in(&roles, "work")->held, 0);
    assert_int_equal(role_in(&roles, "work")->taken, 2);
    assert_int_equal(role_in(&roles, "work")->returned, 0);
    sn_lock_roles_release(&roles);
    sn_locking_release(&locking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_has_its_locks),
        cmocka_unit_test(what_is_one_is_counted),
        cmocka_unit_test(alone_nothing_is_said),
        cmocka_unit_test(whoever_makes_a_block_fills_it_in),
        cmocka_unit_test(what_is_there_before_a_thread_is_made_is_initial),
        cmocka_unit_test(only_parts_of_one_block_have_a_distance),
        cmocka_unit_test(locks_made_alike_are_one),
        cmocka_unit_test(a_walk_through_an_array_is_few_uses),
        cmocka_unit_test(beyond_the_limit_stacks_are_coarse),
        cmocka_unit_test(a_wait_takes_nothing),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(functions_have_roles),
        cmocka_unit_test(frames_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
