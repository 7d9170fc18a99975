/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two spin locks of the program's own making, taken in opposite order: both threads hold their
 * first one and spin for the other for ever. Only the annotations tell that this is waiting.
 */
/* EXPECT: deadlock observed @holds @waits */
/* FINDING: threads=2 sites=4 locks=pan_lock,pot_lock */
/* HANGS */
/* SOURCE: @waits lock */
/* SOURCE: @holds lock */
#include "order.h"
#include "snarl.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int pan, pot;

static void take(atomic_int *lock)
{
    snarl_lock_request(lock, SNARL_EXCLUSIVE); /* @waits */
    while (atomic_exchange_explicit(lock, 1, memory_order_acquire))
        sched_yield();
    snarl_lock_acquired(lock, SNARL_EXCLUSIVE); /* @holds */
}

static void give(atomic_int *lock)
{
    snarl_lock_releases(lock, SNARL_EXCLUSIVE);
    atomic_store_explicit(lock, 0, memory_order_release);
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
    snarl_lock_created(&pan, 0, "pan_lock");
    snarl_lock_created(&pot, 0, "pot_lock");
    pthread_create(&threads[0], NULL, cook, &barron);
    pthread_create(&threads[1], NULL, cook, &olivia);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
