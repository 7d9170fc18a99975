/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tray within a kitchen, each with a lock of its own. Barron waits in the kitchen for soup on the
 * tray: his wait gives the tray's lock back, but not the kitchen's, and Olivia has to go through
 * the kitchen to bring it.
 */
/* EXPECT: deadlock observed @kitchen @waits @enters */
/* FINDING: threads=2 locks=bell,kitchen sites=3 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @kitchen kitchen */
/* SOURCE: @waits bell */
/* SOURCE: @enters kitchen */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t tray = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int soups;

static void *barron(void *arg)
{
    pthread_mutex_lock(&kitchen); /* @kitchen */
    pthread_mutex_lock(&tray);
    order_reach(1);
    while (soups == 0)
        pthread_cond_wait(&bell, &tray); /* @waits */
    soups--;
    pthread_mutex_unlock(&tray);
    pthread_mutex_unlock(&kitchen);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&kitchen); /* @enters */
    pthread_mutex_lock(&tray);
    soups++;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&tray);
    pthread_mutex_unlock(&kitchen);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Soups left: %d\n", soups);
    return 0;
}
