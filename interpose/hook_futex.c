/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes, by the C library's way to make any system call. A wake comes before the wait that it
 * ends, or that finds the value changed. Who waits on one address may be moved to another, and is
 * then woken there: the first address remembers the second, and its waiters come after both.
 * Reading, writing and closing are told too; all other calls pass.
 */
#include "interpose/core/channel.h"

#include <linux/futex.h>
#include <stdarg.h>

static void before(long address, uint64_t cfa)
{
    rec_before((const void *)address, TR_BY_FUTEX, cfa);
}

static void after(long address, uint64_t cfa)
{
    rec_after((const void *)address, TR_BY_FUTEX, cfa);
}

/* Those that wait at FROM may be woken at TO. */
static void moves(long from, long to)
{
    struct rec_object *object = rec_object_raw((const void *)from);
    if (object)
        __atomic_store_n(&object->entered, (uint64_t)to, __ATOMIC_RELEASE);
}

static void woken(long address, uint64_t cfa)
{
    after(address, cfa);
    const struct rec_object *object = rec_object_find((const void *)address);
    uint64_t moved = object ? __atomic_load_n(&object->entered, __ATOMIC_ACQUIRE) : 0;
    if (moved)
        after((long)moved, cfa);
}

enum way { PASSES, WAITS, TAKES, WAKES, MOVES };

static enum way way_of(long operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
        return WAITS;
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_TRYLOCK_PI:
        return TAKES;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_UNLOCK_PI:
        return WAKES;
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
        return MOVES;
    default:
        return PASSES;
    }
}

static void announce(long a, long b, long e, uint64_t cfa)
{
    enum way way = way_of(b);
    if (way != WAKES && way != MOVES)
        return;
    before(a, cfa);
    if (way != MOVES)
        return;
    before(e, cfa);
    if ((b & FUTEX_CMD_MASK) != FUTEX_WAKE_OP)
        moves(a, e);
}

static uint32_t block_of(long operation, long limit)
{
    return (operation & FUTEX_CMD_MASK) != FUTEX_TRYLOCK_PI && limit
               ? TR_BLOCK_FUTEX | TR_BLOCK_TIMED
               : TR_BLOCK_FUTEX;
}

static void conclude(long a, long b, long e, long result, uint64_t cfa)
{
    enum way way = way_of(b);
    if (way == WAITS && (result == 0 || errno == EAGAIN)) {
        woken(a, cfa);
        if ((b & FUTEX_CMD_MASK) == FUTEX_WAIT_REQUEUE_PI && result == 0)
            after(e, cfa);
    } else if (way == TAKES && result == 0) {
        after(a, cfa);
    }
}

/* What a wait for several has found changed, or was woken by. */
static void conclude_several(const struct futex_waitv *waiters, long count, long result,
                             uint64_t cfa)
{
    if (result >= 0 && result < count)
        woken((long)waiters[result].uaddr, cfa);
    else if (result < 0 && errno == EAGAIN)
        for (long i = 0; i < count; i++)
            woken((long)waiters[i].uaddr, cfa);
}

#define CALL real(number, p[0], p[1], p[2], p[3], p[4], p[5])

/* A filter may come with a descriptor of its own; otherwise all but 0 is a failure. */
static long other_call(long (*real)(long, ...), long number, const long *p)
{
    enum { WITH_DESCRIPTOR = 8 };
    bool sandbox = rec_sandbox_enters(number, p[0], p[1]);
    long result = CALL;
    if (sandbox && result && (result < 0 || number != SYS_seccomp || !(p[1] & WITH_DESCRIPTOR)))
        rec_sandbox_fails();
    return result;
}

REC_EXPORT long syscall(long number, ...)
{
    long p[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        p[i] = va_arg(arguments, long);
    va_end(arguments);
    long (*real)(long, ...) = REAL(syscall);
    if (!rec_live.on)
        return CALL;
    switch (number) {
    case SYS_futex:
        announce(p[0], p[1], p[4], rec_here());
        enum way way = way_of(p[1]);
        long result =
            REC_WAITING(way == WAITS || way == TAKES, block_of(p[1], p[3]), (uint64_t)p[0], CALL);
        conclude(p[0], p[1], p[4], result, rec_here());
        return result;
    case SYS_futex_waitv:
        result = REC_WAITING(true, block_of(FUTEX_WAIT, p[3]), 0, CALL);
        conclude_several((const struct futex_waitv *)p[0], p[1], result, rec_here());
        return result;
    case SYS_read:
        REC_TAKES((int)p[0], false, CALL);
    case SYS_write:
        REC_GIVES((int)p[0], false, CALL);
    case SYS_close:
        rec_way_closes((int)p[0], rec_here());
        return CALL;
    default:
        return other_call(real, number, p);
    }
}
