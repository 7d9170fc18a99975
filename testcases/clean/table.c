/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three cooks meet at the table, whoever comes last rings the bell, and the table is cleared when
 * all have gone. Then it is laid for two, and at last for one alone. Workers that wait there for
 * the next meal when Barron closes the kitchen are no fault: they are not needed any more.
 */
/* EXPECT: nothing */
/* TSAN: takes a destruction behind the last user for a race */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { COOKS = 3, ROUNDS = 5 };

static pthread_barrier_t table, counter;
static int rung;

static void *cook(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (pthread_barrier_wait(&table) == PTHREAD_BARRIER_SERIAL_THREAD)
            rung++;
        pthread_barrier_wait(&table);
    }
    return arg;
}

static void *worker(void *seat)
{
    pthread_barrier_wait(&counter);
    order_sit(*(int *)seat);
    pthread_barrier_wait(&counter);
    return NULL;
}

static void meal(unsigned count)
{
    pthread_t cooks[COOKS];
    pthread_barrier_init(&table, NULL, count);
    for (unsigned i = 1; i < count; i++)
        pthread_create(&cooks[i], NULL, cook, NULL);
    cook(NULL);
    pthread_barrier_destroy(&table); /* it waits until the last one has left */
    for (unsigned i = 1; i < count; i++)
        pthread_join(cooks[i], NULL);
}

int main(void)
{
    pthread_t threads[2];
    static int seats[] = {0, 1};
    for (unsigned count = COOKS; count > 0; count--)
        meal(count);
    pthread_barrier_init(&counter, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, worker, &seats[i]);
    pthread_barrier_wait(&counter);
    for (int i = 0; i < 2; i++)
        order_await_blocked(i);
    printf("Rung: %d\n", rung);
    return 0;
}
