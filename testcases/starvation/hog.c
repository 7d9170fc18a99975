/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve puts the chopsticks down after each bite, and takes them up again at once. Barron and
 * Olivia want them all the time, but are never quick enough while Steve is hungry.
 */
/* EXPECT: starvation observed @waits @hogs */
/* FINDING: locks=chopsticks */
/* SOURCE: @hogs chopsticks */
/* SOURCE: @waits chopsticks */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { BARRONS_SEAT, OLIVIAS_SEAT, CHEWS = 1000 };

static pthread_mutex_t chopsticks = PTHREAD_MUTEX_INITIALIZER;
static int bites = 20000, sushi_count;

static void *steve(void *arg)
{
    for (int i = 0; i < bites; i++) {
        pthread_mutex_lock(&chopsticks); /* @hogs */
        if (i == 0) { /* the unlucky schedule: the others wait, and are slow to wake up */
            order_reach(1);
            order_await_blocked(BARRONS_SEAT);
            order_await_blocked(OLIVIAS_SEAT);
            order_suspend(BARRONS_SEAT);
            order_suspend(OLIVIAS_SEAT);
        }
        sushi_count--;
        for (int chew = 0; chew < CHEWS; chew++)
            order_tick();
        pthread_mutex_unlock(&chopsticks);
    }
    order_resume(BARRONS_SEAT);
    order_resume(OLIVIAS_SEAT);
    return arg;
}

static void *patient(void *seat)
{
    order_await(1);
    order_sit(*(int *)seat);
    pthread_mutex_lock(&chopsticks); /* @waits */
    sushi_count--;
    pthread_mutex_unlock(&chopsticks);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    int seats[] = {BARRONS_SEAT, OLIVIAS_SEAT};
    if (argc > 1)
        bites = atoi(argv[1]);
    sushi_count = bites + 2;
    pthread_create(&threads[0], NULL, patient, &seats[0]);
    pthread_create(&threads[1], NULL, patient, &seats[1]);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
