/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia cleans the kitchen in the background. She is detached, and as the process ends she waits
 * for the next hour and holds nothing.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static int times_cleaned;

static void *kitchen_cleaner(void *arg)
{
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&kitchen);
        times_cleaned++;
        pthread_mutex_unlock(&kitchen);
    }
    order_reach(1);
    pause();
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, kitchen_cleaner, NULL);
    pthread_detach(olivia);
    order_await(1);
    pthread_mutex_lock(&kitchen);
    printf("Barron is done; the kitchen was cleaned %d times.\n", times_cleaned);
    pthread_mutex_unlock(&kitchen);
    return 0;
}
