/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron reads the calendar. Olivia, who does not, gives it back; a writer may come in then,
 * beside him.
 */
/* EXPECT: unlock-not-held observed @gives-away @reads */
/* FINDING: locks=calendar threads=2 */
/* SOURCE: @reads calendar */
/* SOURCE: @gives-away calendar */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    order_reach(1);
    order_await(2);
    pthread_rwlock_rdlock(&calendar); /* so that the numbers are right in the end */
    pthread_rwlock_unlock(&calendar);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_rwlock_unlock(&calendar); /* @gives-away */
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Read.\n");
    return 0;
}
