/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia and Steve meet at the table. Olivia comes with the spoon in her hand, and Steve needs the
 * spoon before he can come.
 */
/* EXPECT: deadlock observed @spoon @meets @needs */
/* FINDING: threads=2 locks=spoon,table sites=3 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @spoon spoon */
/* SOURCE: @meets table */
/* SOURCE: @needs spoon */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t table;

static void *olivia(void *arg)
{
    pthread_mutex_lock(&spoon); /* @spoon */
    order_reach(1);
    pthread_barrier_wait(&table); /* @meets */
    pthread_mutex_unlock(&spoon);
    return arg;
}

static void *steve(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&spoon); /* @needs */
    pthread_mutex_unlock(&spoon);
    pthread_barrier_wait(&table);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_barrier_init(&table, NULL, 2);
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, steve, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("They have met.");
    return 0;
}
