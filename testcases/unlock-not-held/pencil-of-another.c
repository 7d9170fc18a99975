/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron writes the shopping list with the pencil in his hand. Olivia, who never took it, gives it
 * back in his place. Barron then gives it back, too, which is the same fault and no second one.
 */
/* EXPECT: unlock-not-held observed @gives-away @takes */
/* FINDING: locks=pencil threads=2 sites=2 */
/* SOURCE: @takes pencil */
/* SOURCE: @gives-away pencil */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil); /* @takes */
    order_reach(1);
    order_await(2);
    pthread_mutex_unlock(&pencil);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_unlock(&pencil); /* @gives-away */
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("The list is written.\n");
    return 0;
}
