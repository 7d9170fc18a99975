/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron reads the calendar, and calls a function that reads it again. In between Olivia wants to
 * write. This calendar lets writers go first: Barron waits behind her, and she waits until he has
 * stopped reading.
 */
/* EXPECT: deadlock observed @reads @again @writes */
/* FINDING: threads=2 locks=calendar sites=3 */
/* HANGS */
/* SOURCE: @again calendar */
/* SOURCE: @reads calendar */
/* SOURCE: @writes calendar */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar;
static int today;

static int day(void)
{
    pthread_rwlock_rdlock(&calendar); /* @again */
    int result = today;
    pthread_rwlock_unlock(&calendar);
    return result;
}

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    order_reach(1);
    order_await_blocked(1);
    printf("It is day %d.\n", day());
    pthread_rwlock_unlock(&calendar);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    order_sit(1);
    pthread_rwlock_wrlock(&calendar); /* @writes */
    today++;
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&calendar, &attributes);
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_rwlock_destroy(&calendar);
    return 0;
}
