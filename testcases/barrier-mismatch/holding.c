/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia goes to the table with the spoon in her hand, and Steve wants the spoon before he comes.
 * Barron waits for both of them to end.
 */
/* EXPECT: barrier-mismatch observed @meets */
/* HANGS */
/* RUN: --timeout=2 */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t table;

static void *olivia(void *arg)
{
    pthread_mutex_lock(&spoon);
    order_reach(1);
    pthread_barrier_wait(&table); /* @meets */
    pthread_mutex_unlock(&spoon);
    return arg;
}

static void *steve(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&spoon); /* @wants */
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
    printf("All have eaten.\n");
    return 0;
}
