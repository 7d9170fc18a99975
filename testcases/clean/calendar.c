/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calendar on the wall: ten look at it, two turn the pages. Looking takes the lock as a reader,
 * turning as a writer, and whether the week is over is seen under the lock.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { SUNDAY = 6, READERS = 10, WRITERS = 2 };

static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *reader(void *arg)
{
    for (int day = 0; day < SUNDAY;) {
        order_await(day + 1); /* looks again when there is another day to see */
        pthread_rwlock_rdlock(&marker);
        day = today;
        pthread_rwlock_unlock(&marker);
    }
    return arg;
}

static void *writer(void *arg)
{
    for (int day = 0; day < SUNDAY;) {
        pthread_rwlock_wrlock(&marker);
        if (today < SUNDAY)
            today++;
        day = today;
        pthread_rwlock_unlock(&marker);
        order_reach(day);
    }
    return arg;
}

int main(void)
{
    pthread_t readers[READERS], writers[WRITERS];
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, reader, NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, writer, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    printf("The week is over: %d\n", today);
    return 0;
}
