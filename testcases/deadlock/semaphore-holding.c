/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the ladle and waits for a plate; Olivia, who brings plates, needs the ladle first.
 * The ladle is itself a semaphore with one token.
 */
/* EXPECT: deadlock observed @ladle @waits @needs */
/* FINDING: threads=2 locks=ladle,plates sites=3 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @ladle ladle */
/* SOURCE: @waits plates */
/* SOURCE: @needs ladle */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t ladle, plates;

static void *barron(void *arg)
{
    sem_wait(&ladle); /* @ladle */
    order_reach(1);
    sem_wait(&plates); /* @waits */
    sem_post(&ladle);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    sem_wait(&ladle); /* @needs */
    sem_post(&plates);
    sem_post(&ladle);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    sem_init(&ladle, 0, 1);
    sem_init(&plates, 0, 0);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("Served.");
    return 0;
}
