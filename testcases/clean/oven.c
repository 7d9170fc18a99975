/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia bakes loaves, with one look at the clock for each, and says how many there are. Barron is
 * called when some are ready, and comes a while later: until then nobody but Olivia has looked at
 * that number, which she wrote again and again.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { LOAVES = 48, SOME = 20 };

static pthread_mutex_t clock_on_the_wall = PTHREAD_MUTEX_INITIALIZER;
static sem_t call;
static atomic_int ready;
static int weight[LOAVES + 1];

static void *olivia(void *arg)
{
    for (int i = 1; i <= LOAVES; i++) {
        pthread_mutex_lock(&clock_on_the_wall);
        pthread_mutex_unlock(&clock_on_the_wall);
        weight[i] += i; /* at once, as no plain atomic is */
        atomic_store_explicit(&ready, i, memory_order_release);
        if (i == SOME)
            sem_post(&call);
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    int last;
    sem_init(&call, 0, 0);
    pthread_create(&thread, NULL, olivia, NULL);
    sem_wait(&call);
    usleep(20000); /* most often she is done then */
    while ((last = atomic_load_explicit(&ready, memory_order_acquire)) < LOAVES)
        ;
    printf("The last loaf weighs %d grams more.\n", weight[last]);
    pthread_join(thread, NULL);
    sem_destroy(&call);
    return 0;
}
