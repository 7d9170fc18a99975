/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia's thread gets the very stack that Barron's had. On it each keeps a lock and a plate that a
 * helper fills. The stack was washed up in between: other plates, and other locks, so that taking
 * them in another order with the till is no cycle.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { BARRONS_SEAT, OLIVIAS_SEAT };

static pthread_mutex_t till = PTHREAD_MUTEX_INITIALIZER;

static void *fill(void *plate)
{
    *(int *)plate = 12;
    return NULL;
}

static void *philosopher(void *arg)
{
    int seat = *(int *)arg, plate = 0;
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER; /* nobody says when it ends */
    pthread_t helper;
    order_sit(seat);
    pthread_create(&helper, NULL, fill, &plate);
    pthread_join(helper, NULL);
    pthread_mutex_t *first = seat == BARRONS_SEAT ? &own : &till;
    pthread_mutex_t *second = seat == BARRONS_SEAT ? &till : &own;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    *(int *)arg = plate;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

int main(void)
{
    int seats[] = {BARRONS_SEAT, OLIVIAS_SEAT};
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (int seat = BARRONS_SEAT; seat <= OLIVIAS_SEAT; seat++) {
        pthread_t thread;
        pthread_create(&thread, &detached, philosopher, &seats[seat]);
        order_await_ended(seat);
    }
    pthread_attr_destroy(&detached);
    printf("Both have eaten.\n");
    return 0;
}
