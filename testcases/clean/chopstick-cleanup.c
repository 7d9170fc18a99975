/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron is cancelled, Steve leaves by pthread_exit, each with the chopstick in hand; a cleanup
 * handler puts it back on the table for the next.
 */
/* EXPECT: nothing */
/* TSAN: after a cancelled pause it loses an unlock */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int visits;

static void put_back(void *held)
{
    pthread_mutex_unlock(held);
}

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick);
    pthread_cleanup_push(put_back, &chopstick);
    visits++;
    order_reach(1);
    pause(); /* a cancellation point */
    pthread_cleanup_pop(1);
    return arg;
}

static void *steve(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&chopstick);
    pthread_cleanup_push(put_back, &chopstick);
    visits++;
    pthread_exit(arg);
    pthread_cleanup_pop(1);
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&chopstick);
    visits++;
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_t first, second, third;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, steve, NULL);
    pthread_create(&third, NULL, olivia, NULL);
    order_await(1);
    pthread_cancel(first);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    pthread_join(third, NULL);
    printf("Visits: %d\n", visits);
    return 0;
}
