/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fifty Barrons, fifty Olivias and fifty Steves share one pair of chopsticks. Whoever puts it down
 * and takes it up again at once is faster than anybody who has to wake up first: one of them eats
 * nearly everything, while all others wait.
 */
/* EXPECT: starvation observed @takes */
/* FINDING: locks=chopstick_a */
/* SOURCE: @takes chopstick_a */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRIOS = 50, PHILOSOPHERS = 3 * TRIOS };

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 5000;

/* The unlucky schedule: once all others wait, they are slow to wake up while the first one eats. */
static void all_others(void (*happen)(int))
{
    for (int seat = 1; seat < PHILOSOPHERS; seat++)
        happen(seat);
}

static void *philosopher(void *arg)
{
    int *eaten = arg, seat = *eaten;
    *eaten = 0;
    if (seat > 0)
        order_await(1);
    order_sit(seat);
    for (bool hungry = true; hungry;) {
        pthread_mutex_lock(&chopstick_a); /* @takes */
        pthread_mutex_lock(&chopstick_b);
        if (seat == 0 && *eaten == 0) {
            order_reach(1);
            all_others(order_await_blocked);
            all_others(order_suspend);
        }
        hungry = sushi_count > 0;
        if (hungry) {
            sushi_count--;
            ++*eaten;
        }
        pthread_mutex_unlock(&chopstick_b);
        pthread_mutex_unlock(&chopstick_a);
    }
    if (seat == 0)
        all_others(order_resume);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[PHILOSOPHERS];
    int eaten[PHILOSOPHERS];
    if (argc > 1)
        sushi_count = atoi(argv[1]);
    for (int i = 0; i < PHILOSOPHERS; i++) {
        eaten[i] = i;
        pthread_create(&threads[i], NULL, philosopher, &eaten[i]);
    }
    for (int i = 0; i < PHILOSOPHERS; i++)
        pthread_join(threads[i], NULL);
    printf("Barron ate %d, Olivia %d, Steve %d ...\n", eaten[0], eaten[1], eaten[2]);
    return 0;
}
