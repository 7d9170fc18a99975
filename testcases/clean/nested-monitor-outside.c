/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tray within a kitchen, each with a lock of its own. Barron looks around in the kitchen, gives
 * its lock back, and waits at the tray for soup with no other lock than the tray's. He may have
 * come before Olivia or behind her.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t tray = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int cooked, seen, soups;

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&kitchen);
    seen++;
    pthread_mutex_unlock(&kitchen);
    pthread_mutex_lock(&tray);
    order_reach(2);
    while (soups == 0)
        pthread_cond_wait(&bell, &tray);
    soups--;
    pthread_mutex_unlock(&tray);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_mutex_lock(&kitchen);
    cooked++;
    pthread_mutex_unlock(&kitchen);
    order_reach(1);
    order_await(2);
    pthread_mutex_lock(&tray);
    soups++;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&tray);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Soups left: %d, seen %d, cooked %d\n", soups, seen, cooked);
    return 0;
}
