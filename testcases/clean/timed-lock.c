/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sushi count behind a chopstick that everybody takes in another way: lock, trylock, timed
 * lock. Each of them orders what it guards, also after a time-out.
 */
/* EXPECT: nothing */
#include "order.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 100 };

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count;

static int lock_within(long milliseconds)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += milliseconds * 1000000;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    return pthread_mutex_timedlock(&chopstick, &deadline);
}

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick);
    order_reach(1);
    order_await(2); /* Olivia's time is out */
    sushi_count++;
    pthread_mutex_unlock(&chopstick);
    for (int i = 0; i < ROUNDS; i++) {
        if (pthread_mutex_trylock(&chopstick) != 0)
            pthread_mutex_lock(&chopstick);
        sushi_count++;
        pthread_mutex_unlock(&chopstick);
    }
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    if (lock_within(5) == ETIMEDOUT)
        order_reach(2);
    for (int i = 0; i < ROUNDS; i++) {
        while (lock_within(900) != 0)
            ;
        sushi_count++;
        pthread_mutex_unlock(&chopstick);
    }
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Sushi: %d\n", sushi_count);
    return 0;
}
