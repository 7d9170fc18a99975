/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron clears the table while Olivia still sits there and waits for Steve: she waits for ever,
 * and so does he, for the table to be free.
 */
/* EXPECT: barrier-mismatch observed @waits @clears */
/* FINDING: locks=table threads=2 sites=2 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @waits table */
/* SOURCE: @clears table */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t table;

static void *olivia(void *arg)
{
    order_sit(0);
    pthread_barrier_wait(&table); /* @waits */
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&table, NULL, 2);
    pthread_create(&thread, NULL, olivia, NULL);
    order_await_blocked(0);
    pthread_barrier_destroy(&table); /* @clears */
    pthread_join(thread, NULL);
    printf("The table is free.\n");
    return 0;
}
