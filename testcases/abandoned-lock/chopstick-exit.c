/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the chopstick, finds that the sushi is gone, and leaves by pthread_exit, with the
 * chopstick. Olivia waits for it for ever, and main for Olivia.
 */
/* EXPECT: abandoned-lock observed @takes @leaves @waits */
/* FINDING: severity=error locks=chopstick */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @leaves "pthread_exit(NULL)" - */
/* SOURCE: @takes chopstick */
/* SOURCE: @waits chopstick */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count;

static void eat(void)
{
    if (sushi_count == 0)
        pthread_exit(NULL); /* @leaves, and the chopstick? */
    sushi_count--;
}

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick); /* @takes */
    order_reach(1);
    eat();
    pthread_mutex_unlock(&chopstick);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
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
