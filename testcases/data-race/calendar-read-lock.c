/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar again, but who turns a page takes the lock as a reader only. Readers do not keep
 * each other out: two turn a page at once, and others look while it turns.
 */
/* EXPECT: data-race observed @turn */
/* EXPECT: data-race observed @look @turn */
/* FINDING: variable=today */
/* SOURCE: @look today */
/* SOURCE: @turn today */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { TIMES = 20, READERS = 10, WRITERS = 2 };

static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static int today;

static void *reader(void *arg)
{
    int *seen = arg;
    for (int i = 0; i < TIMES; i++) {
        pthread_rwlock_rdlock(&marker);
        *seen = today; /* @look */
        pthread_rwlock_unlock(&marker);
    }
    return NULL;
}

static void *writer(void *arg)
{
    for (int i = 0; i < TIMES; i++) {
        pthread_rwlock_rdlock(&marker);
        today++; /* @turn */
        pthread_rwlock_unlock(&marker);
        order_tick();
    }
    return arg;
}

int main(void)
{
    pthread_t readers[READERS], writers[WRITERS];
    int seen[READERS];
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, reader, &seen[i]);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, writer, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    printf("The pages are turned.\n");
    return 0;
}
