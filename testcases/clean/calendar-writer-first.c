/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar with a lock that lets nobody new look while somebody waits to turn the page: the
 * readers' endless chain breaks, and the page is turned at once.
 */
/* EXPECT: nothing */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { LOOKS = 100, READERS = 10, CHAIR = 0 };

static pthread_rwlock_t marker;
static int today;

static void *reader(void *arg)
{
    int *seen = arg;
    for (int i = 0; i < LOOKS; i++) {
        pthread_rwlock_rdlock(&marker);
        if (i == 0) {
            order_meet(0, READERS + 1); /* all look at once, and now comes the writer */
            order_await_blocked(CHAIR);
        }
        *seen = today;
        pthread_rwlock_unlock(&marker);
    }
    return NULL;
}

static void *writer(void *arg)
{
    order_sit(CHAIR);
    order_meet(0, READERS + 1);
    pthread_rwlock_wrlock(&marker);
    today++;
    pthread_rwlock_unlock(&marker);
    return arg;
}

int main(void)
{
    pthread_t readers[READERS], olivia;
    int seen[READERS];
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&marker, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, reader, &seen[i]);
    pthread_create(&olivia, NULL, writer, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    pthread_join(olivia, NULL);
    printf("The page was turned, and all have seen it: %d %d\n", today, seen[0]);
    pthread_rwlock_destroy(&marker);
    return 0;
}
