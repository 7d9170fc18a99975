/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia calls everybody to dinner before anybody listens. Barron and Steve listen for her call
 * for ever.
 */
/* EXPECT: lost-wakeup observed @waits @calls */
/* BLIND: stuck-thread observed @waits @calls @joins */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @waits dinner */
/* SOURCE: @calls dinner */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dinner = PTHREAD_COND_INITIALIZER;

static void *guest(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&table);
    pthread_cond_wait(&dinner, &table); /* @waits */
    pthread_mutex_unlock(&table);
    return arg;
}

int main(void)
{
    pthread_t barron, steve;
    pthread_create(&barron, NULL, guest, NULL);
    pthread_create(&steve, NULL, guest, NULL);
    pthread_mutex_lock(&table);
    pthread_cond_broadcast(&dinner); /* @calls */
    pthread_mutex_unlock(&table);
    order_reach(1);
    pthread_join(barron, NULL); /* @joins */
    pthread_join(steve, NULL);
    printf("Olivia: they are all hungry.\n");
    return 0;
}
