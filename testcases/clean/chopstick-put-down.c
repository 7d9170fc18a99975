/* SPDX-License-Identifier: Apache-2.0 */
/* Steve puts the chopstick down before he waits for the bell, and main rings it. */
/* EXPECT: nothing */

#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static sem_t bell;

static void *steve(void *arg)
{
    pthread_mutex_lock(&chopstick);
    pthread_mutex_unlock(&chopstick);
    order_reach(1);
    sem_wait(&bell);
    return arg;
}

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&chopstick);
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_t eater, other;
    sem_init(&bell, 0, 0);
    pthread_create(&eater, NULL, steve, NULL);
    pthread_create(&other, NULL, barron, NULL);
    sem_post(&bell);
    pthread_join(other, NULL);
    pthread_join(eater, NULL);
    printf("Both have eaten.\n");
    return 0;
}
