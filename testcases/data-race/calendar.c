/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calendar on the wall: ten look at it, two turn the pages, with a reader-writer lock. All go on
 * until the week is over, but whether it is over they test without the lock.
 */
/* EXPECT: data-race observed @reader-test @turn */
/* EXPECT: data-race observed @writer-test @turn */
/* REWRITE: possible if optimized */
/* FINDING: variable=today */
/* SOURCE: @reader-test today */
/* SOURCE: @writer-test today */
/* SOURCE: @turn today */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { SUNDAY = 6, READERS = 10, WRITERS = 2 };

static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *reader(void *arg)
{
    int day = 0;
    while (today < SUNDAY) {  /* @reader-test */
        order_await(day + 1); /* looks again when there is another day to see */
        pthread_rwlock_rdlock(&marker);
        day = today;
        pthread_rwlock_unlock(&marker);
    }
    return arg;
}

static void *writer(void *arg)
{
    int day = 0;
    while (today < SUNDAY) { /* @writer-test */
        order_await(*(int *)arg);
        pthread_rwlock_wrlock(&marker);
        if (today < SUNDAY)
            today++; /* @turn */
        day = today;
        pthread_rwlock_unlock(&marker);
        order_reach(day);
    }
    return NULL;
}

int main(void)
{
    pthread_t readers[READERS], writers[WRITERS];
    int turn[WRITERS] = {0, 1}; /* the second waits until the first has turned a page */
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, reader, NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, writer, &turn[i]);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    printf("The week is over: %d\n", today);
    return 0;
}
