/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the ladle and waits for a plate; Olivia, who brings plates, needs the ladle for the
 * first one. This time she had it before him.
 */
/* EXPECT: deadlock possible @ladle @waits @needs @posts */
/* FINDING: threads=2 locks=ladle,plates sites=4 */
/* NEEDS: accesses */
/* SOURCE: @ladle ladle */
/* SOURCE: @waits plates */
/* SOURCE: @needs ladle */
/* SOURCE: @posts plates */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;
static sem_t plates;
static int served;

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&ladle); /* @ladle */
    for (int i = 0; i < 3; i++)
        sem_wait(&plates); /* @waits */
    served++;
    pthread_mutex_unlock(&ladle);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_mutex_lock(&ladle); /* @needs */
    served++;
    pthread_mutex_unlock(&ladle);
    order_reach(1);
    for (int i = 0; i < 2; i++)
        sem_post(&plates); /* @posts */
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    sem_init(&plates, 0, 1);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Served: %d\n", served);
    return 0;
}
