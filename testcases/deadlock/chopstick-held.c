/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve waits for a bell with the chopstick in his hand. Nobody rings it; and Barron needs the
 * chopstick.
 */
/* EXPECT: deadlock observed @holds @rings @needs */
/* FINDING: locks=bell,chopstick */
/* HANGS */
/* SOURCE: @holds chopstick */
/* SOURCE: @rings bell */
/* SOURCE: @needs chopstick */

#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static sem_t bell;

static void *steve(void *arg)
{
    pthread_mutex_lock(&chopstick); /* @holds */
    order_reach(1);
    sem_wait(&bell); /* @rings */
    pthread_mutex_unlock(&chopstick);
    return arg;
}

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&chopstick); /* @needs */
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_t eater, other;
    sem_init(&bell, 0, 0);
    pthread_create(&eater, NULL, steve, NULL);
    pthread_create(&other, NULL, barron, NULL);
    pthread_join(other, NULL);
    pthread_join(eater, NULL);
    printf("Both have eaten.\n");
    return 0;
}
