/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seven chairs stand at the table. Four guests sit down once each, and each gives back two chairs:
 * one when the soup is done, and one more on the way out. Then there are eleven, for a table of
 * seven.
 */
/* EXPECT: semaphore-over-release observed @sits @leaves */
/* FINDING: severity=warning locks=chairs */
/* SOURCE: @sits chairs */
/* SOURCE: @leaves chairs */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { CHAIRS = 7, GUESTS = 4 };

static sem_t chairs;

static void *guest(void *arg)
{
    sem_wait(&chairs); /* @sits */
    order_meet(0, GUESTS);
    sem_post(&chairs);
    order_meet(1, GUESTS);
    sem_post(&chairs); /* @leaves */
    return arg;
}

int main(void)
{
    pthread_t guests[GUESTS];
    int left;
    sem_init(&chairs, 0, CHAIRS);
    for (int i = 0; i < GUESTS; i++)
        pthread_create(&guests[i], NULL, guest, NULL);
    for (int i = 0; i < GUESTS; i++)
        pthread_join(guests[i], NULL);
    sem_getvalue(&chairs, &left);
    printf("Chairs: %d\n", left);
    sem_destroy(&chairs);
    return 0;
}
