/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia keeps the fact, but sets it and rings without the lock: both come between Barron's look at
 * it and his wait. An atomic flag makes it no race, and loses the bell all the same.
 */
/* EXPECT: lost-wakeup observed @waits @rings */
/* BLIND: stuck-thread observed @waits @rings */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @rings bell */
/* SOURCE: @waits bell */
#include "order.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static atomic_int ready;

static void *chef_olivia(void *arg)
{
    order_await(1);
    atomic_fetch_add(&ready, 1);
    pthread_cond_signal(&bell); /* @rings */
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    pthread_mutex_lock(&table);
    while (!atomic_load(&ready)) {
        order_reach(1);
        order_await(2);
        pthread_cond_wait(&bell, &table); /* @waits */
    }
    pthread_mutex_unlock(&table);
    pthread_join(olivia, NULL);
    printf("Barron: dinner!\n");
    return 0;
}
