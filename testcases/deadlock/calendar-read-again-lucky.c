/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron reads the calendar, and calls a function that reads it again. This calendar lets writers
 * go first. Olivia writes only when he is done, this time: had she come between the two, neither
 * would ever go on. Steve does the same under the gate that she takes to write the menu, where it
 * is right.
 */
/* EXPECT: deadlock possible @reads @again @writes */
/* FINDING: threads=2 locks=calendar sites=3 */
/* SOURCE: @again calendar */
/* SOURCE: @reads calendar */
/* SOURCE: @writes calendar */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t menu = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int today, soups;

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
    printf("It is day %d.\n", day());
    pthread_rwlock_unlock(&calendar);
    order_reach(1);
    return arg;
}

static void *steve(void *arg)
{
    pthread_mutex_lock(&gate);
    pthread_rwlock_rdlock(&menu);
    pthread_rwlock_rdlock(&menu);
    pthread_rwlock_unlock(&menu);
    pthread_rwlock_unlock(&menu);
    pthread_mutex_unlock(&gate);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_rwlock_wrlock(&calendar); /* @writes */
    today++;
    pthread_rwlock_unlock(&calendar);
    pthread_mutex_lock(&gate);
    pthread_rwlock_wrlock(&menu);
    soups++;
    pthread_rwlock_unlock(&menu);
    pthread_mutex_unlock(&gate);
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    pthread_rwlock_wrlock(&calendar);
    today = 1;
    pthread_rwlock_unlock(&calendar);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
