/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the kitchen, once, needs the ladle. Olivia holds the ladle, and waits until the kitchen
 * is open: Barron, who opens it, waits for the ladle.
 */
/* EXPECT: deadlock observed @opens @needs @takes @comes */
/* FINDING: threads=2 sites=4 locks=ladle,opened */
/* HANGS */
/* SOURCE: @needs ladle */
/* SOURCE: @opens opened */
/* SOURCE: @takes ladle */
/* SOURCE: @comes opened */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;

static void open_kitchen(void)
{
    order_reach(1);
    order_await(2);
    pthread_mutex_lock(&ladle); /* @needs */
    puts("The kitchen is open.");
    pthread_mutex_unlock(&ladle);
}

static void *barron(void *arg)
{
    pthread_once(&opened, open_kitchen); /* @opens */
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&ladle); /* @takes */
    order_reach(2);
    pthread_once(&opened, open_kitchen); /* @comes */
    pthread_mutex_unlock(&ladle);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
