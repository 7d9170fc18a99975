/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static variables of functions in C++, which are made once: the guard in front of one is tested by
 * an acquire load in the program's own code, and set here by the C++ run-time. That store is told
 * as the atomic that it is; otherwise everything in such a variable would seem unordered. Who comes
 * while another thread is at it waits, as at a pthread_once.
 *
 * The run-time may be a library that nobody but a plugin sees. Then there is no real function to be
 * found, and the same protocol is followed here: the guard's first byte says done, the second that
 * somebody is at it.
 */
#include "interpose/access/access.h"
#include "interpose/pthread_calls.h"

#include "interpose/core/poison.h"

static int acquire(uint8_t *guard)
{
    for (;;) {
        uint8_t nobody = 0;
        if (__atomic_load_n(&guard[0], __ATOMIC_ACQUIRE))
            return 0;
        if (__atomic_compare_exchange_n(&guard[1], &nobody, 1, 0, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            if (!__atomic_load_n(&guard[0], __ATOMIC_ACQUIRE))
                return 1;
            __atomic_store_n(&guard[1], 0, __ATOMIC_RELEASE);
            return 0;
        }
        rec_sys_yield();
    }
}

/* Is somebody at it? Both run-times there are say so in the second byte. */
static bool is_begun(uint8_t *guard)
{
    return !__atomic_load_n(&guard[0], __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&guard[1], __ATOMIC_ACQUIRE);
}

REC_EXPORT int __cxa_guard_acquire(uint64_t *guard)
{
    int (*real)(uint64_t *) = REAL(__cxa_guard_acquire);
    bool waited = is_begun((uint8_t *)guard) && rec_once_waits(guard, rec_here());
    int mine = real ? real(guard) : acquire((uint8_t *)guard);
    rec_atomic_told(guard, 1, TR_ATOMIC_LOAD, __ATOMIC_ACQUIRE, rec_return_address(), rec_here());
    if (mine)
        rec_once_begins(guard, rec_here());
    else if (waited)
        rec_once_seen(guard, rec_here());
    return mine;
}

REC_EXPORT void __cxa_guard_release(uint64_t *guard)
{
    void (*real)(uint64_t *) = REAL(__cxa_guard_release);
    rec_atomic_told(guard, 1, TR_ATOMIC_STORE, __ATOMIC_RELEASE, rec_return_address(), rec_here());
    rec_once_ends(guard, true, rec_here());
    if (real) {
        real(guard);
        return;
    }
    __atomic_store_n((uint8_t *)guard, 1, __ATOMIC_RELEASE);
    __atomic_store_n((uint8_t *)guard + 1, 0, __ATOMIC_RELEASE);
}

/* The initialisation threw: the next one tries again, after what this one did. */
REC_EXPORT void __cxa_guard_abort(uint64_t *guard)
{
    void (*real)(uint64_t *) = REAL(__cxa_guard_abort);
    rec_atomic_told(guard, 1, TR_ATOMIC_STORE, __ATOMIC_RELEASE, rec_return_address(), rec_here());
    rec_once_ends(guard, false, rec_here());
    if (real)
        real(guard);
    else
        __atomic_store_n((uint8_t *)guard + 1, 0, __ATOMIC_RELEASE);
}
