/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tray within a kitchen, each with a lock of its own. Barron waits in the kitchen until there is
 * soup on the tray, and keeps the kitchen's lock. But whoever signals does not need the kitchen any
 * more: Olivia has told him, under the tray's lock, that she has cooked, and he waits only then.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t tray = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int soups;
static bool has_cooked;

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&kitchen);
    pthread_mutex_lock(&tray);
    order_reach(2);
    while (has_cooked && soups == 0)
        pthread_cond_wait(&bell, &tray);
    soups--;
    pthread_mutex_unlock(&tray);
    pthread_mutex_unlock(&kitchen);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_mutex_lock(&kitchen);
    pthread_mutex_lock(&tray);
    has_cooked = true;
    pthread_mutex_unlock(&tray);
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
    printf("Soups left: %d\n", soups);
    return 0;
}
