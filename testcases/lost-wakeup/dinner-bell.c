/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia rings that dinner is ready, before Barron listens for it. Nothing remembers the bell: a
 * condition variable does not, and no variable says it either. He waits for ever.
 */
/* EXPECT: lost-wakeup observed @waits @rings */
/* BLIND: stuck-thread observed @waits @rings */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @rings bell */
/* SOURCE: @waits bell */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;

static void *chef_olivia(void *arg)
{
    pthread_mutex_lock(&table);
    pthread_cond_signal(&bell); /* @rings */
    pthread_mutex_unlock(&table);
    order_reach(1);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    order_await(1);
    pthread_mutex_lock(&table);
    pthread_cond_wait(&bell, &table); /* @waits */
    pthread_mutex_unlock(&table);
    pthread_join(olivia, NULL);
    printf("Barron: dinner!\n");
    return 0;
}
