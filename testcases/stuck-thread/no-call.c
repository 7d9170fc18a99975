/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia says under the lock that the soup is done, and tells nobody: three wait for the call.
 */
/* EXPECT: stuck-thread observed @waits @takes @ends */
/* FINDING: threads=5 */
/* HANGS */
/* SOURCE: @takes kitchen */
/* SOURCE: @ends "pthread_exit(arg)" - */
/* SOURCE: @waits ready */

#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static bool soup_is_done;

static void *chef_olivia(void *arg)
{
    pthread_mutex_lock(&kitchen); /* @takes */
    soup_is_done = true;
    pthread_mutex_unlock(&kitchen);
    pthread_exit(arg); /* @ends */
}

static void *waiter(void *arg)
{
    order_sit((int)(long)arg);
    pthread_mutex_lock(&kitchen);
    while (!soup_is_done)
        pthread_cond_wait(&ready, &kitchen); /* @waits */
    pthread_mutex_unlock(&kitchen);
    return arg;
}

int main(void)
{
    pthread_t waiters[3], olivia;
    for (int i = 0; i < 3; i++)
        pthread_create(&waiters[i], NULL, waiter, (void *)(long)i);
    for (int i = 0; i < 3; i++)
        order_await_blocked(i);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    pthread_join(olivia, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(waiters[i], NULL);
    printf("The soup is served.\n");
    return 0;
}
