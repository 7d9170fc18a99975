/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the garlic's lock, then the potatoes'; Olivia the other way round: a circle. But she
 * begins only when she has read that he is done, under a third lock that both have given back by
 * then. The pattern is there, and no run reaches it: it must not be told as more than possible.
 */
/* EXPECT: deadlock possible @first @second */
/* FINDING: threads=2 locks=garlic,potatoes */
/* SOURCE: @first first */
/* SOURCE: @second second */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t garlic = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t potatoes = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);  /* @first */
    pthread_mutex_lock(second); /* @second */
    order_tick();
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *barron(void *arg)
{
    take_both(&garlic, &potatoes);
    pthread_mutex_lock(&pencil);
    done = 1;
    pthread_mutex_unlock(&pencil);
    order_reach(1);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&pencil);
    int is_done = done;
    pthread_mutex_unlock(&pencil);
    if (is_done)
        take_both(&potatoes, &garlic);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("Both have eaten.");
    return 0;
}
