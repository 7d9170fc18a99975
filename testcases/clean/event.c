/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event that counts how often it was set, instead of being set and cleared: whoever comes later
 * sees that it has been.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int times_set;

static void event_set(void)
{
    pthread_mutex_lock(&lock);
    times_set++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void event_wait(int seen)
{
    pthread_mutex_lock(&lock);
    while (times_set == seen)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void *chef_olivia(void *arg)
{
    event_set();
    order_reach(1);
    return arg;
}

static void *guest(void *arg)
{
    event_wait(0);
    return arg;
}

int main(void)
{
    pthread_t olivia, steve;
    pthread_create(&steve, NULL, guest, NULL);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    order_await(1);
    event_wait(0);
    pthread_join(olivia, NULL);
    pthread_join(steve, NULL);
    printf("Barron: soup!\n");
    return 0;
}
