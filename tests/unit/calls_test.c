/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's shadow call stack: exits that never come, exits told by a jump, depth without end,
 * and other stacks. Stack pointers fall as calls go deeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "interpose/access/calls.c"

static struct rec_calls calls;

static int start(void **state)
{
    (void)state;
    memset(&calls, 0, sizeof calls);
    calls.low = 0x1000;
    calls.high = 0x90000000;
    return 0;
}

static void enter(uint64_t pc, uint64_t sp)
{
    rec_calls_enter(&calls, pc, sp, pc + 1);
}

static void assert_calls(uint32_t depth, uint64_t innermost)
{
    assert_int_equal(calls.depth, depth);
    if (depth)
        assert_int_equal(calls.call[depth - 1].pc, innermost);
}

static void in_and_out(void **state)
{
    (void)state;
    enter(1, 0x9000);
    uint64_t outer = rec_calls_context(&calls);
    enter(2, 0x8000);
    assert_true(rec_calls_context(&calls) != outer);
    rec_calls_leave(&calls, 0x7f00, 77); /* alloca lowered the stack pointer */
    assert_calls(1, 1);
    assert_int_equal(rec_calls_context(&calls), outer);
    rec_calls_leave(&calls, 0x9000, 77);
    rec_calls_leave(&calls, 0x9100, 77); /* one too many */
    assert_calls(0, 0);
}

static void missed_exits_are_noticed(void **state)
{
    (void)state;
    enter(1, 0x9000);
    enter(2, 0x8000);
    enter(3, 0x7000);
    enter(4, 0x8000); /* a sibling of 2, which longjmp left */
    assert_calls(2, 4);
    enter(5, 0x7000);
    rec_calls_leave(&calls, 0x9000, 77); /* 1 ends, 4 and 5 never did */
    assert_calls(0, 0);
    enter(1, 0x9000);
    enter(2, 0x8000);
    rec_calls_heal(&calls, 0x8500, false); /* an access of 1 */
    assert_calls(1, 1);
}

static void exits_told_by_a_jump(void **state)
{
    (void)state;
    enter(1, 0x9000);
    enter(2, 0x8000);
    rec_calls_leave(&calls, 0x8100, 2); /* 2's frame is gone, it returns to 2 */
    assert_calls(1, 1);
    enter(2, 0x8000);
    enter(3, 0x7000);
    rec_calls_leave(&calls, 0x8100, 2); /* and 3 missed its exit */
    assert_calls(1, 1);
}

static void deeper_than_there_is_room(void **state)
{
    (void)state;
    uint64_t sp = 0x80000000;
    for (unsigned n = 0; n < REC_CALLS + 1000; n++)
        enter(n + 1, sp - n * 16);
    assert_calls(REC_CALLS, REC_CALLS);
    for (unsigned n = REC_CALLS + 1000; n-- > 5;)
        rec_calls_leave(&calls, sp - n * 16, 77);
    assert_calls(5, 5);
    for (unsigned n = 5; n < REC_CALLS + 1000; n++)
        enter(n + 1, sp - n * 16);
    enter(99, sp - 2 * 16); /* longjmp from far beyond */
    assert_calls(3, 99);
    rec_calls_leave(&calls, sp - 2 * 16, 77);
    assert_calls(2, 2);
}

static void other_stacks_leave_it_alone(void **state)
{
    (void)state;
    enter(1, 0x9000);
    enter(2, 0x8000);
    enter(3, 0xa0000000); /* a handler's own, above */
    enter(4, 0x9ffff000);
    assert_calls(4, 4);
    rec_calls_leave(&calls, 0x9ffff000, 77);
    rec_calls_leave(&calls, 0xa0000000, 77);
    assert_calls(2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_and_out, start),
        cmocka_unit_test_setup(missed_exits_are_noticed, start),
        cmocka_unit_test_setup(exits_told_by_a_jump, start),
        cmocka_unit_test_setup(deeper_than_there_is_room, start),
        cmocka_unit_test_setup(other_stacks_leave_it_alone, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
