/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event that is set and cleared at once. Barron comes between two of Olivia's calls, sees it
 * cleared, and waits for a call that was made already: who was not there at the moment misses it.
 */
/* EXPECT: lost-wakeup observed @waits @sets */
/* BLIND: stuck-thread observed @waits @sets */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @sets event->changed event::changed */
/* SOURCE: @waits event->changed event::changed */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

struct event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_set;
};

static struct event soup = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void event_set(struct event *event)
{
    pthread_mutex_lock(&event->lock);
    event->is_set = 1;
    pthread_cond_broadcast(&event->changed); /* @sets */
    pthread_mutex_unlock(&event->lock);
}

static void event_clear(struct event *event)
{
    pthread_mutex_lock(&event->lock);
    event->is_set = 0;
    pthread_mutex_unlock(&event->lock);
}

static void event_wait(struct event *event)
{
    pthread_mutex_lock(&event->lock);
    while (!event->is_set)
        pthread_cond_wait(&event->changed, &event->lock); /* @waits */
    pthread_mutex_unlock(&event->lock);
}

static void *chef_olivia(void *arg)
{
    event_set(&soup);
    event_clear(&soup);
    order_reach(1);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    order_await(1);
    event_wait(&soup);
    pthread_join(olivia, NULL);
    printf("Barron: soup!\n");
    return 0;
}
