/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar again. Each of ten who look at it lets go only when the next one has begun to look,
 * so that there is always a reader, and the one who wants to turn the page never gets to it, until
 * the readers have had enough.
 */
/* EXPECT: starvation observed @turn @look */
/* FINDING: locks=marker */
/* ARGS: 5000 */
/* SOURCE: @look marker */
/* SOURCE: @turn marker */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { READERS = 10, CHAIR = 0 };

static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static int today, looks = 10000;

static void *reader(void *arg)
{
    int me = *(int *)arg, seen = 0;
    for (int turn = me; turn < looks; turn += READERS) {
        order_await(turn);
        pthread_rwlock_rdlock(&marker); /* @look */
        seen += today;
        if (turn == 0) { /* now somebody wants to turn the page */
            order_meet(0, 2);
            order_await_blocked(CHAIR);
        }
        order_reach(turn + 1);
        if (turn + 1 < looks)
            order_await(turn + 2); /* the next one looks */
        pthread_rwlock_unlock(&marker);
    }
    return seen == 0 ? NULL : arg;
}

static void *writer(void *arg)
{
    order_sit(CHAIR);
    order_meet(0, 2);
    pthread_rwlock_wrlock(&marker); /* @turn */
    today++;
    pthread_rwlock_unlock(&marker);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t readers[READERS], olivia;
    int me[READERS];
    if (argc > 1)
        looks = atoi(argv[1]);
    for (int i = 0; i < READERS; i++) {
        me[i] = i;
        pthread_create(&readers[i], NULL, reader, &me[i]);
    }
    pthread_create(&olivia, NULL, writer, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    pthread_join(olivia, NULL);
    printf("After %d looks the page was turned: %d\n", looks, today);
    return 0;
}
