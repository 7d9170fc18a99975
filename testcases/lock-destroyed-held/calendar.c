/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron still reads the calendar when main destroys it, as the C library does not look who has a
 * reader-writer lock.
 */
/* EXPECT: lock-destroyed-held observed @destroys @reads */
/* FINDING: locks=calendar threads=2 */
/* SOURCE: @reads calendar */
/* SOURCE: @destroys calendar */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void *barron(void *arg)
{
    pthread_rwlock_rdlock(&calendar); /* @reads */
    order_reach(1);
    order_await(2);
    pthread_rwlock_unlock(&calendar);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    order_await(1);
    pthread_rwlock_destroy(&calendar); /* @destroys */
    order_reach(2);
    pthread_join(thread, NULL);
    printf("The year is over.\n");
    return 0;
}
