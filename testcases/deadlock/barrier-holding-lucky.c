/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three cooks meet at the table when their pots are ready. Olivia comes with the spoon in her hand,
 * and Steve needs the spoon before he can come. This time he had it before her.
 */
/* EXPECT: deadlock possible @spoon @meets @needs */
/* FINDING: threads=2 locks=spoon,table sites=3 */
/* NEEDS: accesses */
/* SOURCE: @spoon spoon */
/* SOURCE: @meets table */
/* SOURCE: @needs spoon */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t table;
static int tasted;

static void *barron(void *arg)
{
    pthread_barrier_wait(&table);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&spoon);   /* @spoon */
    pthread_barrier_wait(&table); /* @meets */
    tasted++;
    pthread_mutex_unlock(&spoon);
    return arg;
}

static void *steve(void *arg)
{
    pthread_mutex_lock(&spoon); /* @needs */
    tasted++;
    pthread_mutex_unlock(&spoon);
    order_reach(1);
    pthread_barrier_wait(&table);
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    pthread_barrier_init(&table, NULL, 3);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Tasted: %d\n", tasted);
    return 0;
}
