/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia cleans the kitchen in the background, and is ended with the process when main returns:
 * right in the middle, with the kitchen locked. What she was changing stays half done.
 */
/* EXPECT: abandoned-lock observed @locks */
/* FINDING: severity=note locks=kitchen */
/* SOURCE: @locks kitchen */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;

static void *kitchen_cleaner(void *arg)
{
    pthread_mutex_lock(&kitchen); /* @locks */
    order_reach(1);
    pause(); /* a long job */
    pthread_mutex_unlock(&kitchen);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, kitchen_cleaner, NULL);
    pthread_detach(olivia);
    order_await(1);
    printf("Barron is done, the lights go out.\n");
    return 0;
}
