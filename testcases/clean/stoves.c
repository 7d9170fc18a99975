/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two stoves for four cooks, and two for three who only try, or wait for a moment: each gives back
 * what it got, and nothing where it got nothing.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { COOKS = 4, TRIERS = 3, MEALS = 200 };

static sem_t stoves, plates;
static atomic_int cooked;

static void *cook(void *arg)
{
    for (int i = 0; i < MEALS; i++) {
        sem_wait(&stoves);
        atomic_fetch_add(&cooked, 1);
        sem_post(&stoves);
    }
    return arg;
}

static void *trier(void *arg)
{
    for (int i = 0; i < MEALS; i++) {
        struct timespec moment;
        clock_gettime(CLOCK_REALTIME, &moment);
        if (i % 2 ? sem_trywait(&plates) : sem_timedwait(&plates, &moment))
            continue;
        order_tick();
        sem_post(&plates);
    }
    return arg;
}

int main(void)
{
    pthread_t threads[COOKS + TRIERS];
    sem_init(&stoves, 0, 2);
    sem_init(&plates, 0, 2);
    for (int i = 0; i < COOKS; i++)
        pthread_create(&threads[i], NULL, cook, NULL);
    for (int i = COOKS; i < COOKS + TRIERS; i++)
        pthread_create(&threads[i], NULL, trier, NULL);
    for (int i = 0; i < COOKS + TRIERS; i++)
        pthread_join(threads[i], NULL);
    printf("Cooked: %d\n", cooked);
    sem_destroy(&stoves);
    sem_destroy(&plates);
    return 0;
}
