/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia says under the lock that the soup is done, and tells everybody. */
/* EXPECT: nothing */

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t kitchen = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static bool soup_is_done;

static void *chef_olivia(void *arg)
{
    pthread_mutex_lock(&kitchen);
    soup_is_done = true;
    pthread_cond_broadcast(&ready);
    pthread_mutex_unlock(&kitchen);
    pthread_exit(arg);
}

static void *waiter(void *arg)
{
    pthread_mutex_lock(&kitchen);
    while (!soup_is_done)
        pthread_cond_wait(&ready, &kitchen);
    pthread_mutex_unlock(&kitchen);
    return arg;
}

int main(void)
{
    pthread_t waiters[3], olivia;
    pthread_mutex_lock(&kitchen);
    for (int i = 0; i < 3; i++)
        pthread_create(&waiters[i], NULL, waiter, NULL);
    pthread_mutex_unlock(&kitchen);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    pthread_join(olivia, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(waiters[i], NULL);
    printf("The soup is served.\n");
    return 0;
}
