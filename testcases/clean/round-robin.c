/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three tasks take turns under one lock, and hold it for half a unit of work, one, and one and a
 * half. Who works less gets less time; nobody is passed over.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

enum { TASKS = 3, ROUNDS = 60, UNIT = 20000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t next = PTHREAD_COND_INITIALIZER;
static int turn;

static void *task(void *arg)
{
    int me = (int)(size_t)arg;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&lock);
        while (turn != me)
            pthread_cond_wait(&next, &lock);
        for (int i = 0; i < UNIT * (me + 1) / 2; i++)
            order_tick();
        turn = (turn + 1) % TASKS;
        pthread_cond_broadcast(&next);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[TASKS];
    for (int i = 0; i < TASKS; i++)
        pthread_create(&threads[i], NULL, task, (void *)(size_t)i);
    for (int i = 0; i < TASKS; i++)
        pthread_join(threads[i], NULL);
    printf("%d rounds.\n", ROUNDS);
    return 0;
}
