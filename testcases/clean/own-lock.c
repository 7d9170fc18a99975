/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron and Olivia count garlic under a spin lock of their own making, of relaxed atomics and
 * fences that no detector sees through, and keep a tally of rounds that may be wrong. Annotations
 * say that it is a lock, that the kitchen is open before anybody counts, and that the tally is
 * meant to race.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
/* TSAN: hears nothing of these annotations */
#include "order.h"
#include "snarl.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { ROUNDS = 200 };

struct own_lock {
    atomic_int taken;
};

static struct own_lock lock;
static atomic_int open_sign;
static int garlic_count, tally, kitchen_size;

static void own_lock_take(struct own_lock *own)
{
    snarl_lock_request(own, SNARL_EXCLUSIVE);
    while (atomic_exchange_explicit(&own->taken, 1, memory_order_relaxed))
        sched_yield();
    __asm__ volatile("mfence" ::: "memory");
    snarl_lock_acquired(own, SNARL_EXCLUSIVE);
}

static void own_lock_give(struct own_lock *own)
{
    snarl_lock_releases(own, SNARL_EXCLUSIVE);
    __asm__ volatile("mfence" ::: "memory");
    atomic_store_explicit(&own->taken, 0, memory_order_relaxed);
}

static void *shopper(void *arg)
{
    while (!atomic_load_explicit(&open_sign, memory_order_relaxed))
        sched_yield();
    snarl_happens_after(&open_sign);
    for (int i = 0; i < ROUNDS; i++) {
        own_lock_take(&lock);
        garlic_count += kitchen_size;
        own_lock_give(&lock);
        tally++;
        order_tick();
    }
    return arg;
}

int main(void)
{
    pthread_t barron, olivia;
    snarl_lock_created(&lock, 0, "the garlic lock");
    snarl_benign_race(&tally, sizeof tally, "a rough number will do");
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_create(&olivia, NULL, shopper, NULL);
    kitchen_size = 1;
    snarl_happens_before(&open_sign);
    atomic_store_explicit(&open_sign, 1, memory_order_relaxed);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    snarl_lock_destroyed(&lock);
    printf("We should buy %d garlic.\n", garlic_count);
    return 0;
}
