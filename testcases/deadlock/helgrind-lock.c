/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same as own-lock, told by Helgrind's annotations, which are instructions without effect: they
 * are in the program as it is, with or without Valgrind, and are heard.
 */
/* EXPECT: deadlock observed @holds @waits */
/* FINDING: threads=2 sites=4 */
/* HANGS */
#include "order.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <valgrind/helgrind.h>

static atomic_int pan, pot;

static void take(atomic_int *lock)
{
    VALGRIND_HG_MUTEX_LOCK_PRE(lock, 0); /* @waits */
    while (atomic_exchange_explicit(lock, 1, memory_order_acquire))
        sched_yield();
    VALGRIND_HG_MUTEX_LOCK_POST(lock); /* @holds */
}

static void give(atomic_int *lock)
{
    VALGRIND_HG_MUTEX_UNLOCK_PRE(lock);
    atomic_store_explicit(lock, 0, memory_order_release);
    VALGRIND_HG_MUTEX_UNLOCK_POST(lock);
}

struct cook {
    atomic_int *first, *second;
};

static void *cook(void *arg)
{
    struct cook *self = arg;
    take(self->first);
    order_meet(0, 2);
    take(self->second);
    give(self->second);
    give(self->first);
    return NULL;
}

int main(void)
{
    struct cook barron = {&pan, &pot}, olivia = {&pot, &pan};
    pthread_t threads[2];
    VALGRIND_HG_MUTEX_INIT_POST(&pan, 0);
    VALGRIND_HG_MUTEX_INIT_POST(&pot, 0);
    pthread_create(&threads[0], NULL, cook, &barron);
    pthread_create(&threads[1], NULL, cook, &olivia);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
