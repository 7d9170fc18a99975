/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia is to ring the bell when the soup is done. There is no salt, so she goes home, by a path
 * on which nobody thought of the bell, and Barron waits for it for ever.
 */
/* EXPECT: stuck-thread observed @waits */
/* HANGS */
/* SOURCE: @waits bell */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t bell;
static int salt;

static void *chef_olivia(void *arg)
{
    if (salt == 0)
        return arg;
    sem_post(&bell);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    sem_init(&bell, 0, 0);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    pthread_join(olivia, NULL);
    sem_wait(&bell); /* @waits */
    printf("Barron: the soup is done.\n");
    sem_destroy(&bell);
    return 0;
}
