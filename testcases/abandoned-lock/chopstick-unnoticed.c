/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron returns and keeps the chopstick, and nobody happens to want it any more. The program ends
 * as it should; next time somebody will be hungry.
 */
/* EXPECT: abandoned-lock observed @takes */
/* FINDING: severity=warning locks=chopstick */
/* SOURCE: @takes chopstick */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count;

static void *philosopher(void *arg)
{
    pthread_mutex_lock(&chopstick); /* @takes */
    if (sushi_count == 0)
        return NULL;
    sushi_count--;
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, philosopher, NULL);
    pthread_join(barron, NULL);
    printf("The table is empty.\n");
    return 0;
}
