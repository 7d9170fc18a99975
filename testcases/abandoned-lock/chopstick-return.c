/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the chopstick, finds that the sushi is gone, and returns on a path where giving it
 * back was forgotten. Olivia already waits for it, and now for ever.
 */
/* EXPECT: abandoned-lock observed @takes @waits */
/* FINDING: severity=error locks=chopstick */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @takes chopstick */
/* SOURCE: @waits chopstick */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { OLIVIAS_SEAT = 0 };

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count;

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick); /* @takes */
    order_reach(1);
    order_await_blocked(OLIVIAS_SEAT);
    if (sushi_count == 0)
        return NULL; /* and the chopstick? */
    sushi_count--;
    pthread_mutex_unlock(&chopstick);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    order_sit(OLIVIAS_SEAT);
    pthread_mutex_lock(&chopstick); /* @waits */
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
