/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron reads the calendar, and calls a function that reads it again, while Olivia waits to write.
 * The usual calendar lets readers go first, so that he is not kept off. The other one lets writers
 * go first, but Steve, who wants to write there, waits for a moment only.
 */
/* EXPECT: nothing */
#define _GNU_SOURCE
#include "order.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t menu = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int today, soups;

static int read_again(pthread_rwlock_t *lock, int *value)
{
    pthread_rwlock_rdlock(lock);
    int result = *value;
    pthread_rwlock_unlock(lock);
    return result;
}

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar);
    pthread_rwlock_rdlock(&menu);
    order_reach(1);
    order_await_blocked(1);
    int day = read_again(&calendar, &today);
    order_await_blocked(2);
    printf("Day %d, %d soups.\n", day, read_again(&menu, &soups));
    pthread_rwlock_unlock(&menu);
    pthread_rwlock_unlock(&calendar);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    order_sit(1);
    pthread_rwlock_wrlock(&calendar);
    today++;
    pthread_rwlock_unlock(&calendar);
    return arg;
}

static void *steve(void *arg)
{
    struct timespec until;
    order_await(1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    order_sit(2);
    if (pthread_rwlock_timedwrlock(&menu, &until) == ETIMEDOUT)
        return arg;
    soups++;
    pthread_rwlock_unlock(&menu);
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    pthread_create(&threads[2], NULL, steve, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
