/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia rings before Barron listens, and he hears nothing: but he looks at the table first, sees
 * dinner, and does not wait for it. Then he waits for a dessert that never comes, which is no
 * bell's fault.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int plates;

static void *chef_olivia(void *arg)
{
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&table);
        plates++;
        pthread_mutex_unlock(&table);
        pthread_cond_signal(&bell); /* without the lock, which is allowed */
    }
    order_reach(1);
    return arg;
}

static int eat(void)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&table);
    while (plates == 0 && !error)
        error = pthread_cond_timedwait(&bell, &table, &until);
    int eaten = plates > 0;
    plates -= eaten;
    pthread_mutex_unlock(&table);
    return eaten;
}

int main(void)
{
    pthread_t olivia;
    int eaten = 0;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    order_await(1);
    while (eat())
        eaten++;
    pthread_join(olivia, NULL);
    printf("Barron: %d plates.\n", eaten);
    return 0;
}
