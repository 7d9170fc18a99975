/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the chopstick and waits for the sushi. The kitchen is closed, and main cancels him,
 * chopstick in hand. Olivia waits for it for ever.
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
#include <unistd.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick); /* @takes */
    order_reach(1);
    pause(); /* a cancellation point */
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
    order_await(1);
    pthread_cancel(first);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("The table is empty.\n");
    return 0;
}
