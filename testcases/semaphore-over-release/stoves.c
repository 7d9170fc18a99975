/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two stoves for three cooks. Steve only tries for one; he does not get it, eats cold, and gives
 * back at the end what he never had.
 */
/* EXPECT: semaphore-over-release observed @takes @gives */
/* FINDING: locks=stoves */
/* SOURCE: @takes stoves */
/* SOURCE: @gives stoves */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t stoves;

static void *cook(void *arg)
{
    sem_wait(&stoves); /* @takes */
    order_meet(0, 3);  /* both are taken */
    order_await(1);
    sem_post(&stoves);
    order_meet(1, 3);
    return arg;
}

static void *steve(void *arg)
{
    order_meet(0, 3);
    int cold = sem_trywait(&stoves);
    order_reach(1);
    order_meet(1, 3);
    sem_post(&stoves); /* @gives */
    printf("Steve eats %s.\n", cold ? "cold" : "warm");
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    sem_init(&stoves, 0, 2);
    pthread_create(&threads[0], NULL, cook, NULL);
    pthread_create(&threads[1], NULL, cook, NULL);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    sem_destroy(&stoves);
    return 0;
}
