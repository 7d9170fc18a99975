/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia calls everybody to dinner before anybody listens. Barron and Steve listen for a while
 * each, hear nothing, and go away hungry.
 */
/* EXPECT: lost-wakeup observed @waits @calls */
/* BLIND: nothing */
/* FINDING: threads=3 */
/* SOURCE: @waits dinner */
/* SOURCE: @calls dinner */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dinner = PTHREAD_COND_INITIALIZER;

static void *guest(void *arg)
{
    struct timespec until;
    order_await(1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&table);
    pthread_cond_timedwait(&dinner, &table, &until); /* @waits */
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
    pthread_join(barron, NULL);
    pthread_join(steve, NULL);
    printf("Olivia: they are all hungry.\n");
    return 0;
}
