/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron waits for the bell, and lets go of its rope while he does; but he holds the pencil all the
 * time. Olivia wants the pencil. Steve rings when she has long begun to wait, and then Barron goes
 * on to wait for Steve's end with the spoon in his hand, which Olivia wants next.
 */
/* EXPECT: blocked-while-holding observed @pencil @listens @wants-pencil */
/* EXPECT: blocked-while-holding observed @spoon @joins @wants-spoon */
/* SOURCE: @wants-pencil pencil */
/* SOURCE: @wants-spoon spoon */
/* SOURCE: @pencil pencil */
/* SOURCE: @listens bell */
/* SOURCE: @spoon spoon */
/* SOURCE: @joins threads[1] threads */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { OLIVIAS_SEAT, A_WHILE_US = 60000 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER, rope = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int rung, notes;

static void *olivia(void *arg)
{
    order_await(1);
    order_sit(OLIVIAS_SEAT);
    pthread_mutex_lock(&pencil); /* @wants-pencil */
    notes++;
    pthread_mutex_unlock(&pencil);
    order_await(2);
    pthread_mutex_lock(&spoon); /* @wants-spoon */
    pthread_mutex_unlock(&spoon);
    return arg;
}

static void *steve(void *arg)
{
    order_await_blocked(OLIVIAS_SEAT);
    usleep(A_WHILE_US);
    pthread_mutex_lock(&rope);
    rung = 1;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&rope);
    order_await(2);
    order_await_blocked(OLIVIAS_SEAT);
    usleep(A_WHILE_US);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, steve, NULL);
    pthread_mutex_lock(&pencil); /* @pencil */
    pthread_mutex_lock(&rope);
    order_reach(1);
    while (!rung)
        pthread_cond_wait(&bell, &rope); /* @listens */
    pthread_mutex_unlock(&rope);
    pthread_mutex_unlock(&pencil);
    pthread_mutex_lock(&spoon); /* @spoon */
    order_reach(2);
    pthread_join(threads[1], NULL); /* @joins */
    pthread_mutex_unlock(&spoon);
    pthread_join(threads[0], NULL);
    printf("Notes: %d\n", notes);
    return 0;
}
