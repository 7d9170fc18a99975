/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fifty Barrons, fifty Olivias and fifty Steves share one pair of chopsticks, and each draws a
 * ticket before a meal: the pair goes from ticket to ticket, nobody is passed over, and all eat the
 * same.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

enum { TRIOS = 50, PHILOSOPHERS = 3 * TRIOS, MEALS = 10 };

static atomic_uint next_ticket;
static sem_t called[PHILOSOPHERS]; /* by ticket, modulo */
static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = PHILOSOPHERS * MEALS;

static void *philosopher(void *arg)
{
    order_meet(0, PHILOSOPHERS);
    for (int i = 0; i < MEALS; i++) {
        unsigned ticket = atomic_fetch_add(&next_ticket, 1);
        sem_wait(&called[ticket % PHILOSOPHERS]);
        pthread_mutex_lock(&chopstick_a);
        pthread_mutex_lock(&chopstick_b);
        sushi_count--;
        pthread_mutex_unlock(&chopstick_b);
        pthread_mutex_unlock(&chopstick_a);
        sem_post(&called[(ticket + 1) % PHILOSOPHERS]);
    }
    return arg;
}

int main(void)
{
    pthread_t threads[PHILOSOPHERS];
    for (int i = 0; i < PHILOSOPHERS; i++)
        sem_init(&called[i], 0, i == 0);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_create(&threads[i], NULL, philosopher, NULL);
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < PHILOSOPHERS; i++)
        sem_destroy(&called[i]);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
