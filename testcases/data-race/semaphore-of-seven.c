/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A semaphore of seven lets six workers in at once. It bounds how many there are, and guards
 * nothing: they count at the same time.
 */
/* EXPECT: data-race observed @counts */
/* FINDING: variable=workers_seen */
/* OUTPUT: digits vary */
/* SOURCE: @counts workers_seen */
#include "order.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { WORKERS = 6 };

static sem_t places;
static int workers_seen;

static void *worker(void *arg)
{
    sem_wait(&places);
    order_meet(0, WORKERS);
    workers_seen += 1; /* @counts */
    sem_post(&places);
    return arg;
}

int main(void)
{
    pthread_t threads[WORKERS];
    sem_init(&places, 0, 7);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", workers_seen);
    sem_destroy(&places);
    return 0;
}
