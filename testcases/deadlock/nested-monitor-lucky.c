/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tray within a kitchen, each with a lock of its own. Barron waits in the kitchen until there is
 * soup on the tray: his wait gives the tray's lock back, but not the kitchen's. Olivia has been
 * through the kitchen before he came. Had she come later, she would never get to the tray, and
 * nobody else brings soup.
 */
/* EXPECT: deadlock possible @kitchen @waits @enters @signals */
/* FINDING: threads=2 locks=bell,kitchen sites=4 */
/* NEEDS: accesses */
/* SOURCE: @kitchen kitchen */
/* SOURCE: @waits bell */
/* SOURCE: @enters kitchen */
/* SOURCE: @signals bell */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t tray = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int cooked, soups;

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&kitchen); /* @kitchen */
    pthread_mutex_lock(&tray);
    order_reach(2);
    while (soups == 0)
        pthread_cond_wait(&bell, &tray); /* @waits */
    soups--;
    pthread_mutex_unlock(&tray);
    pthread_mutex_unlock(&kitchen);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_mutex_lock(&kitchen); /* @enters */
    cooked++;
    pthread_mutex_unlock(&kitchen);
    order_reach(1);
    order_await(2);
    pthread_mutex_lock(&tray);
    soups++;
    pthread_cond_signal(&bell); /* @signals */
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
