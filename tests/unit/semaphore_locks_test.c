/* SPDX-License-Identifier: Apache-2.0 */
/* Which semaphores are used as locks; and what of that a run says. */
#include "analyzer/predict/collect.h"
#include "analyzer/predict/semaphore_locks.h"
#include "tests/unit/trace_test.h"

enum { TABLE = 5, BARRON = 1, OLIVIA = 2 };

#define WAIT false
#define POST true

static void whoever_takes_it_gives_it_back(void **state)
{
    (void)state;
    struct an_semaphore_locks locks = {0};
    assert_false(an_semaphore_locks_has(&locks, TABLE));
    an_semaphore_locks_use(&locks, TABLE, BARRON, WAIT);
    assert_true(an_semaphore_locks_has(&locks, TABLE));
    assert_int_equal(an_semaphore_locks_held(&locks, BARRON), 1);
    an_semaphore_locks_use(&locks, TABLE, BARRON, POST);
    assert_int_equal(an_semaphore_locks_held(&locks, BARRON), 0);
    an_semaphore_locks_use(&locks, TABLE, OLIVIA, WAIT);
    assert_true(an_semaphore_locks_has(&locks, TABLE)); /* the last may stay open */
    assert_false(an_semaphore_locks_has(&locks, TABLE - 1));
    assert_false(an_semaphore_locks_has(&locks, TABLE + 1));
    an_semaphore_locks_release(&locks);
}

static void another_post_or_wait_is_no_lock(void **state)
{
    (void)state;
    static const struct {
        uint32_t thread;
        bool post;
    } second[] = {{OLIVIA, POST}, {OLIVIA, WAIT}, {BARRON, WAIT}};
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        struct an_semaphore_locks locks = {0};
        an_semaphore_locks_use(&locks, TABLE, BARRON, WAIT);
        an_semaphore_locks_use(&locks, TABLE, second[i].thread, second[i].post);
        assert_false(an_semaphore_locks_has(&locks, TABLE));
        assert_int_equal(an_semaphore_locks_held(&locks, BARRON), 0);
        an_semaphore_locks_use(&locks, TABLE, BARRON, POST);
        an_semaphore_locks_use(&locks, TABLE, BARRON, WAIT);
        assert_false(an_semaphore_locks_has(&locks, TABLE));
        an_semaphore_locks_release(&locks);
    }
}

static void a_post_comes_behind_a_wait(void **state)
{
    (void)state;
    struct an_semaphore_locks locks = {0};
    an_semaphore_locks_use(&locks, TABLE, BARRON, POST);
    assert_false(an_semaphore_locks_has(&locks, TABLE));
    an_semaphore_locks_release(&locks);
}

static void what_is_excluded_is_no_lock(void **state)
{
    (void)state;
    struct an_semaphore_locks locks = {0};
    an_semaphore_locks_exclude(&locks, TABLE);
    an_semaphore_locks_use(&locks, TABLE, BARRON, WAIT);
    assert_false(an_semaphore_locks_has(&locks, TABLE));
    assert_int_equal(an_semaphore_locks_held(&locks, BARRON), 0);
    an_semaphore_locks_release(&locks);
}

/* The operations on locks and semaphores in the run of a trace, a letter each. */
static void expect_ops(const char *text, const char *expected)
{
    static const char letters[TR_OP_KINDS] = {
        [TR_OP_ACQUIRE] = 'A', [TR_OP_TRY] = 'T',  [TR_OP_RELEASE] = 'R',
        [TR_OP_WAIT] = 'w',    [TR_OP_POST] = 'p',
    };
    struct trace trace = trace_of(text);
    struct tr_reader *reader = trace_open(&trace);
    struct an_collect_options options = {0};
    struct an_world world;
    struct an_run run = {0};
    struct tr_event ev;
    struct sn_error err;
    char found[32] = {0};
    while (tr_reader_next(reader, &ev, &err) > 0)
        continue;
    assert_int_equal(an_collect(reader, &options, &world, &run, &err), 0);
    vec_each (struct tr_op, op, &run.ops)
        if (letters[op->kind] && strlen(found) + 1 < sizeof found)
            found[strlen(found)] = letters[op->kind];
    assert_string_equal(found, expected);
    an_world_release(&world);
    an_run_release(&run);
    tr_reader_close(reader);
    trace_free(&trace);
}

#define THREADS "T0 thread_create T1\nT1 thread_start 0x0 parent=T0\n"

static void a_run_tells_of_locks(void **state)
{
    (void)state;
    expect_ops(THREADS "T0 object_new sem 0x10 value=1\n"
                       "T0 sem_wait 0x10\nT0 sem_post 0x10\n"
                       "T1 sem_wait 0x10 timed\nT1 sem_post 0x10\nT1 sem_wait 0x10 try\n",
               "ARTRT");
}

/* What comes later counts for what was before; two tokens; another process may post. */
static void a_run_tells_of_semaphores(void **state)
{
    (void)state;
    expect_ops(THREADS "T0 object_new sem 0x10 value=1\n"
                       "T0 sem_wait 0x10\nT0 sem_post 0x10\n"
                       "T1 sem_wait 0x10\nT0 sem_post 0x10\n",
               "wpwp");
    expect_ops(THREADS "T0 object_new sem 0x10 value=2\nT0 sem_wait 0x10\nT0 sem_post 0x10\n",
               "wp");
    expect_ops(THREADS "T0 object_new sem 0x10 process_shared value=1\n"
                       "T0 sem_wait 0x10\nT0 sem_post 0x10\n",
               "wp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_takes_it_gives_it_back),
        cmocka_unit_test(another_post_or_wait_is_no_lock),
        cmocka_unit_test(a_post_comes_behind_a_wait),
        cmocka_unit_test(what_is_excluded_is_no_lock),
        cmocka_unit_test(a_run_tells_of_locks),
        cmocka_unit_test(a_run_tells_of_semaphores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
