/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia waits at the table for Steve. Barron lays it again, for two others, who come and go; of
 * Olivia the new table knows nothing. He goes home at last, and she still sits there.
 */
/* EXPECT: barrier-mismatch observed @waits @lays */
/* FINDING: threads=2 */
/* SOURCE: @waits table */
/* SOURCE: @lays table */
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

static void *guest(void *arg)
{
    pthread_barrier_wait(&table);
    return arg;
}

int main(void)
{
    pthread_t thread, guests[2];
    pthread_barrier_init(&table, NULL, 2);
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_detach(thread);
    order_await_blocked(0);
    pthread_barrier_init(&table, NULL, 2); /* @lays */
    for (int i = 0; i < 2; i++)
        pthread_create(&guests[i], NULL, guest, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(guests[i], NULL);
    printf("Two have eaten.\n");
    return 0;
}
