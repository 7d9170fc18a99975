/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that end rightly: destroyed by another thread just after the last unlock; freed with their
 * block by the last user; on the stack of a thread that ends; in memory that is used again, for
 * another lock, held there; realloc'd; destroyed after a wait with a time limit was given up;
 * annotated nothing. A robust one whose holder died is abandoned, taken over and destroyed.
 */
/* EXPECT: nothing */
/* TSAN: takes a destruction behind the last user for a race */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct table {
    int guests;
    pthread_mutex_t lock;
};

static pthread_mutex_t knife = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;

static void leave(struct table *table)
{
    pthread_mutex_lock(&table->lock);
    int left = --table->guests;
    pthread_mutex_unlock(&table->lock);
    if (left)
        return;
    pthread_mutex_destroy(&table->lock);
    free(table);
}

static void *guest(void *arg)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&own);
    pthread_mutex_unlock(&own);
    leave(arg);
    return NULL;
}

/* Takes them and gives them back; main destroys them, ordered by what nobody sees. */
static void *barron(void *arg)
{
    pthread_mutex_lock(&knife);
    pthread_rwlock_rdlock(&calendar);
    order_reach(1);
    order_await(2);
    pthread_rwlock_unlock(&calendar);
    pthread_mutex_unlock(&knife);
    order_reach(3);
    return arg;
}

static void *olivia(void *arg)
{
    struct timespec soon;
    order_await(1);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec -= 1;
    pthread_mutex_timedlock(&knife, &soon);
    pthread_rwlock_timedwrlock(&calendar, &soon);
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t threads[4];
    for (int round = 0; round < 8; round++) {
        struct table *table = calloc(1, sizeof *table);
        table->guests = 4;
        pthread_mutex_init(&table->lock, NULL);
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, guest, table);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    order_await(3);
    pthread_mutex_destroy(&knife);
    pthread_rwlock_destroy(&calendar);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("Closed.\n");
    return 0;
}
