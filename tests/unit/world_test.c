/* SPDX-License-Identifier: Apache-2.0 */
/* What the analyses build on: clocks, ranges, slots of threads, locks and their holders, memory. */
#include "analyzer/world/waits.h"
#include "analyzer/world/world.h"
#include "trace/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    uint8_t *bytes; /* an empty trace */
    struct tr_reader *reader;
    struct an_world world;
    uint64_t index;
};

static int set_up(void **state)
{
    struct fixture *f = sn_calloc(1, sizeof *f);
    struct tr_writer writer;
    struct sn_error err;
    size_t size;
    tr_writer_init(&writer);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_EXIT});
    tr_writer_finish(&writer, &f->bytes, &size);
    tr_writer_release(&writer);
    assert_int_equal(tr_reader_open_memory(&f->reader, f->bytes, size, &err), 0);
    an_world_init(&f->world, f->reader);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    an_world_release(&f->world);
    tr_reader_close(f->reader);
    free(f->bytes);
    free(f);
    return 0;
}

static struct an_world *happens(struct fixture *f, struct tr_event ev)
{
    ev.index = ++f->index;
    an_world_event(&f->world, &ev);
    return &f->world;
}

#define HAPPENS(f, by, what, ...)                                                                  \
    happens((f), (struct tr_event){.kind = TR_##what, .thread = (by), __VA_ARGS__})

static void creates(struct fixture *f, uint32_t parent, uint32_t child)
{
    HAPPENS(f, parent, THREAD_CREATE, .a0 = child);
    HAPPENS(f, child, THREAD_START, .a0 = parent);
}

static void clocks_join_to_the_later(void **state)
{
    (void)state;
    struct an_clock a = {0}, b = {0};
    an_clock_set(&a, 0, 5);
    an_clock_set(&b, 9, 2);
    assert_true(an_clock_join(&a, &b));
    assert_false(an_clock_join(&a, &b));
    assert_int_equal(an_clock_get(&a, 0), 5);
    assert_int_equal(an_clock_get(&a, 9), 2);
    assert_int_equal(an_clock_get(&a, 4), 0);
    assert_int_equal(an_clock_get(&a, 1000), 0);
    an_clock_clear(&a);
    an_clock_set(&a, 3, 1);
    assert_int_equal(an_clock_get(&a, 0), 0);
    an_clock_release(&a);
    an_clock_release(&b);
}

static void ranges_are_found_by_any_address(void **state)
{
    (void)state;
    struct an_ranges ranges = {0};
    int values[1000];
    for (unsigned i = 0; i < 1000; i++)
        an_ranges_insert(&ranges, (i * 7919ull % 1000) * 100, 60, &values[i * 7919 % 1000]);
    assert_int_equal(ranges.count, 1000);
    assert_ptr_equal(an_ranges_at(&ranges, 5059)->value, &values[50]);
    assert_null(an_ranges_at(&ranges, 5060));
    assert_ptr_equal(an_ranges_overlap(&ranges, 5060, 41)->value, &values[51]);
    assert_null(an_ranges_overlap(&ranges, 5060, 40));
    for (unsigned i = 0; i < 1000; i += 2)
        an_ranges_remove(&ranges, i * 100);
    assert_int_equal(ranges.count, 500);
    assert_null(an_ranges_at(&ranges, 5000));
    assert_ptr_equal(an_ranges_overlap(&ranges, 5000, 1000)->value, &values[51]);
    an_ranges_release(&ranges);
}

static void a_slot_passes_on_once_its_end_is_known(void **state)
{
    struct fixture *f = *state;
    creates(f, 0, 1);
    creates(f, 0, 2);
    HAPPENS(f, 1, THREAD_EXIT);
    creates(f, 0, 3); /* nobody joined thread 1: its slot stays its own */
    HAPPENS(f, 0, JOIN, .a0 = 1);
    struct an_world *world = &f->world;
    uint32_t slot = an_thread(world, 1)->slot;
    assert_int_not_equal(an_thread(world, 3)->slot, slot);
    creates(f, 0, 4);
    assert_int_equal(an_thread(world, 4)->slot, slot);
    assert_true(an_thread(world, 4)->clock > an_thread(world, 1)->clock);
    assert_true(an_order_before(&world->order, an_thread(world, 4), slot, 1));
}

static void locks_know_their_holders_and_waiters(void **state)
{
    struct fixture *f = *state;
    const uint64_t lock = 0x5000;
    HAPPENS(f, 1, ACQUIRE, .object = lock);
    HAPPENS(f, 1, ACQUIRE, .object = lock, .mode = TR_LOCK_NESTED);
    HAPPENS(f, 2, REQUEST, .object = lock);
    struct an_object *object = f->world.now.object;
    struct an_thread *one = an_thread(&f->world, 1), *two = an_thread(&f->world, 2);
    assert_ptr_equal(object->lock.owner, one);
    assert_int_equal(object->lock.waiters.count, 1);
    assert_int_equal(an_thread_holds(one, object)->depth, 2);
    assert_true(an_waits_for_ever(two));
    HAPPENS(f, 1, RELEASE, .object = lock, .mode = TR_LOCK_NESTED);
    assert_false(f->world.now.outermost);
    HAPPENS(f, 1, RELEASE, .object = lock);
    assert_true(f->world.now.outermost);
    assert_null(object->lock.owner);
    HAPPENS(f, 2, ACQUIRE, .object = lock, .mode = TR_LOCK_CONTENDED);
    assert_int_equal(object->lock.waiters.count, 0);
    assert_int_equal(object->lock.acquisitions, 2);
    assert_false(an_waits_for_ever(two));
}

static void a_reader_counts_its_holds(void **state)
{
    struct fixture *f = *state;
    const uint32_t shared = TR_TYPE_RWLOCK | TR_LOCK_SHARED;
    for (int i = 0; i < 2; i++)
        HAPPENS(f, 1, ACQUIRE, .object = 0x5000, .mode = shared);
    HAPPENS(f, 2, ACQUIRE, .object = 0x5000, .mode = shared);
    struct an_object *object = f->world.now.object;
    assert_int_equal(object->lock.readers.count, 2);
    HAPPENS(f, 1, RELEASE, .object = 0x5000, .mode = shared);
    assert_int_equal(object->lock.readers.count, 2);
    HAPPENS(f, 1, RELEASE, .object = 0x5000, .mode = shared);
    assert_int_equal(object->lock.readers.count, 1);
    struct an_thread_list blockers = {0};
    HAPPENS(f, 3, REQUEST, .object = 0x5000, .mode = TR_TYPE_RWLOCK);
    an_blockers(an_thread(&f->world, 3), &blockers);
    assert_int_equal(blockers.of.count, 1);
    assert_int_equal(blockers.of.at[0]->number, 2);
    HAPPENS(f, 4, REQUEST, .object = 0x5000, .mode = shared);
    an_blockers(an_thread(&f->world, 4), &blockers);
    assert_int_equal(blockers.of.at[0]->number, 3); /* the writer that queues before it */
    vec_release(&blockers.of);
}

static void equal_sets_of_locks_have_one_number(void **state)
{
    struct fixture *f = *state;
    struct an_world *world = &f->world;
    HAPPENS(f, 1, ACQUIRE, .object = 0x5000);
    HAPPENS(f, 1, ACQUIRE, .object = 0x5100);
    uint32_t both = an_thread_lockset(world, an_thread(world, 1));
    HAPPENS(f, 1, RELEASE, .object = 0x5000);
    uint32_t one = an_thread_lockset(world, an_thread(world, 1));
    HAPPENS(f, 1, RELEASE, .object = 0x5100);
    assert_int_equal(an_thread_lockset(world, an_thread(world, 1)), 0);
    HAPPENS(f, 2, ACQUIRE, .object = 0x5100);
    assert_int_equal(an_thread_lockset(world, an_thread(world, 2)), one);
    HAPPENS(f, 2, ACQUIRE, .object = 0x5000);
    assert_int_equal(an_thread_lockset(world, an_thread(world, 2)), both);
    assert_int_equal(an_lockset(world, both)->count, 2);
    assert_int_not_equal(one, both);
}

static void an_address_has_many_lives(void **state)
{
    struct fixture *f = *state;
    HAPPENS(f, 0, OBJECT_NEW, .object = 0x5000);
    struct an_object *first = f->world.now.object;
    HAPPENS(f, 0, OBJECT_NEW, .object = 0x5000);
    struct an_object *second = f->world.now.object;
    assert_ptr_not_equal(first, second);
    assert_int_equal(first->end_cause, TR_END_REINIT);
    HAPPENS(f, 0, ALLOC, .object = 0x4ff0, .a0 = 64);
    assert_int_equal(second->end_index, 0); /* the trace tells the end of what it has told */
    HAPPENS(f, 0, OBJECT_END, .object = 0x5000, .mode = TR_END_FREE << TR_END_CAUSE_SHIFT);
    assert_true(second->end_index > 0);
    HAPPENS(f, 0, ACQUIRE, .object = 0x5000);
    struct an_object *third = f->world.now.object;
    assert_ptr_not_equal(third, second);
    assert_int_equal(third->block_offset, 16);
    assert_int_equal(third->attributes, TR_ATTR_STATIC);
    HAPPENS(f, 0, ALLOC, .object = 0x4ff0, .a0 = 64); /* its memory is used for something new */
    assert_true(third->end_index > 0);
}

static void memory_keeps_what_may_still_race(void **state)
{
    struct fixture *f = *state;
    const uint32_t four = 2, eight = 3;
    creates(f, 0, 1);
    creates(f, 0, 2);
    HAPPENS(f, 1, WRITE, .object = 0x9000, .mode = four);
    HAPPENS(f, 1, WRITE, .object = 0x9004, .mode = four);
    HAPPENS(f, 2, READ, .object = 0x9000, .mode = eight);
    assert_int_equal(f->world.now.conflicts.of.count, 2);
    assert_int_equal(f->world.now.conflicts.of.at[0].old.thread, an_thread(&f->world, 1)->index);
    HAPPENS(f, 1, RELEASE, .object = 0x5000);
    HAPPENS(f, 2, ACQUIRE, .object = 0x5000);
    HAPPENS(f, 2, WRITE, .object = 0x9000, .mode = eight);
    assert_int_equal(f->world.now.conflicts.of.count, 0);
    HAPPENS(f, 1, READ, .object = 0x9006, .mode = 0); /* of the older accesses none is left */
    assert_int_equal(f->world.now.conflicts.of.count, 1);
    assert_true(f->world.now.conflicts.of.at[0].latest);
    assert_int_equal(f->world.now.conflicts.of.at[0].address, 0x9006);
}

static void what_waits_behind_a_finding_is_told_with_it(void **state)
{
    struct fixture *f = *state;
    struct sn_finding finding = {0};
    for (uint32_t thread = 1; thread <= 3; thread++) {
        creates(f, 0, thread);
        HAPPENS(f, thread, ACQUIRE, .object = 0x5000 + thread * 0x100);
    }
    HAPPENS(f, 1, REQUEST, .object = 0x5200); /* 1 waits for 2, 2 for 3 */
    HAPPENS(f, 2, REQUEST, .object = 0x5300);
    HAPPENS(f, 0, JOIN_REQUEST, .a0 = 1);
    an_thread(&f->world, 3)->blamed = &finding;
    assert_int_equal(an_blame_waiters(&f->world, &finding), 3);
    assert_ptr_equal(an_thread(&f->world, 0)->blamed, &finding);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_join_to_the_later),
        cmocka_unit_test(ranges_are_found_by_any_address),
        TEST(a_slot_passes_on_once_its_end_is_known),
        TEST(locks_know_their_holders_and_waiters),
        TEST(a_reader_counts_its_holds),
        TEST(equal_sets_of_locks_have_one_number),
        TEST(an_address_has_many_lives),
        TEST(memory_keeps_what_may_still_race),
        TEST(what_waits_behind_a_finding_is_told_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
