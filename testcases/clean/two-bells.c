/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One condition for two things: Olivia's soup, and Steve's call to go home. Barron waits for the
 * call only, a while at a time, and need not care that he misses Olivia's bell.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int plates, home;

static void *chef_olivia(void *arg)
{
    for (int i = 1; i <= 3; i++) {
        order_await(2 * i - 1);
        pthread_mutex_lock(&table);
        plates++;
        pthread_cond_broadcast(&bell);
        pthread_mutex_unlock(&table);
        order_reach(2 * i);
    }
    order_await(7);
    pthread_mutex_lock(&table);
    home = 1;
    pthread_cond_broadcast(&bell);
    pthread_mutex_unlock(&table);
    return arg;
}

static int wait_a_while(void)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&table);
    while (!home && !error)
        error = pthread_cond_timedwait(&bell, &table, &until);
    int goes = home;
    pthread_mutex_unlock(&table);
    return goes;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    for (int i = 1; i <= 3; i++) {
        order_reach(2 * i - 1);
        order_await(2 * i);
        wait_a_while();
    }
    order_reach(7);
    while (!wait_a_while())
        order_tick();
    pthread_join(olivia, NULL);
    printf("%d plates are cold.\n", plates);
    return 0;
}
