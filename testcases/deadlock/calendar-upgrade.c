/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron and Olivia both read the calendar, both see that it is wrong, and both want to write,
 * without having given their read lock back. Each waits until the other one reads no more.
 */
/* EXPECT: deadlock observed @reads @writes */
/* FINDING: threads=2 locks=calendar sites=4 */
/* HANGS */
/* SOURCE: @reads calendar */
/* SOURCE: @writes calendar */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *correct(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    order_meet(0, 2);
    if (today == 0) {
        pthread_rwlock_wrlock(&calendar); /* @writes */
        today = 1;
        pthread_rwlock_unlock(&calendar);
    }
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, correct, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Today: %d\n", today);
    return 0;
}
