/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia reads the calendar and falls asleep over it. Other readers don't mind; Barron, who wants
 * to write, does.
 */
/* EXPECT: blocked-while-holding observed @reads @sleeps @writes */
/* FINDING: locks=calendar threads=2 */
/* SOURCE: @reads calendar */
/* SOURCE: @sleeps "poll(NULL, 0, 60)" - */
/* SOURCE: @writes calendar */
#include "order.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static int meals = 3;

static void *olivia(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    order_reach(1);
    order_await_blocked(0);
    poll(NULL, 0, 60); /* @sleeps */
    pthread_rwlock_unlock(&calendar);
    return arg;
}

static void *barron(void *arg)
{
    order_await(1);
    order_sit(0);
    pthread_rwlock_wrlock(&calendar); /* @writes */
    meals++;
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, barron, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Meals: %d\n", meals);
    return 0;
}
