/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two shoppers count garlic under a lock that no detector sees through, and a third reads the count
 * as one reader of many. Helgrind's and DRD's annotations tell of the lock, of the order in which
 * the shop was made ready, and of a tally that is meant to race.
 */
/* EXPECT: nothing */
/* TSAN: hears nothing of these annotations */
#include "order.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <valgrind/drd.h>
#include <valgrind/helgrind.h>

enum { ROUNDS = 100 };

static atomic_int lock, ready;
static int garlic_count, tally, step;
static double price; /* lives in a vector register across the requests below */

static void take(void)
{
    while (atomic_exchange_explicit(&lock, 1, memory_order_relaxed))
        sched_yield();
    __asm__ volatile("mfence" ::: "memory");
}

static void give(void)
{
    __asm__ volatile("mfence" ::: "memory");
    atomic_store_explicit(&lock, 0, memory_order_relaxed);
}

static double counts(int writes)
{
    double sum = 0;
    while (!atomic_load_explicit(&ready, memory_order_relaxed))
        sched_yield();
    ANNOTATE_HAPPENS_AFTER(&ready);
    for (int i = 0; i < ROUNDS; i++) {
        take();
        ANNOTATE_RWLOCK_ACQUIRED(&lock, writes);
        sum += writes ? price : 0.25;
        if (writes)
            garlic_count += step;
        else if (garlic_count < 0)
            puts("?");
        ANNOTATE_RWLOCK_RELEASED(&lock, writes);
        give();
        tally++;
        order_tick();
    }
    return sum;
}

static void *shopper(void *arg)
{
    double *sum = arg;
    *sum = counts(1);
    return NULL;
}

int main(void)
{
    pthread_t barron, olivia;
    double sums[3] = {0};
    ANNOTATE_RWLOCK_CREATE(&lock);
    DRD_IGNORE_VAR(tally);
    pthread_create(&barron, NULL, shopper, &sums[0]);
    pthread_create(&olivia, NULL, shopper, &sums[1]);
    step = 1;
    price = 0.5;
    ANNOTATE_HAPPENS_BEFORE(&ready);
    atomic_store_explicit(&ready, 1, memory_order_relaxed);
    sums[2] = counts(0);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    ANNOTATE_RWLOCK_DESTROY(&lock);
    printf("%d garlic for %g and %g; %g.\n", garlic_count, sums[0], sums[1], sums[2]);
    return 0;
}
