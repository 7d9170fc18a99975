/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia puts a plate on the table and gives the lock back; Barron has eaten it before she rings.
 * He listens again when the bell is over, and nothing is lost.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int plates;

static void *chef_olivia(void *arg)
{
    pthread_mutex_lock(&table);
    plates++;
    pthread_mutex_unlock(&table);
    order_reach(1);
    order_await(2);
    pthread_cond_signal(&bell);
    order_reach(3);
    return arg;
}

static int eat(void)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&table);
    while (plates == 0 && !error)
        error = pthread_cond_timedwait(&bell, &table, &until);
    int eaten = plates > 0;
    plates -= eaten;
    pthread_mutex_unlock(&table);
    return eaten;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    order_await(1);
    int eaten = eat();
    order_reach(2);
    order_await(3);
    eaten += eat();
    pthread_join(olivia, NULL);
    printf("Barron: %d plates.\n", eaten);
    return 0;
}
