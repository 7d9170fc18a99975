/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three were to meet. Two are there when main gives up and destroys the barrier.
 */
/* EXPECT: use-after-destroy observed @destroys @waits */
/* FINDING: locks=meeting threads=3 sites=3 */
/* HANGS */
/* RUN: --timeout=2 */
#include "order.h"
#include <pthread.h>

static pthread_barrier_t meeting;

static void *friend(void *seat)
{
    order_sit(*(int *)seat);
    pthread_barrier_wait(&meeting); /* @waits */
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int seats[2] = {0, 1};
    pthread_barrier_init(&meeting, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, friend, &seats[i]);
    for (int i = 0; i < 2; i++)
        order_await_blocked(i);
    pthread_barrier_destroy(&meeting); /* @destroys */
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
