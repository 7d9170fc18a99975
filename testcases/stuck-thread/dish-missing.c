/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia is to cook three dishes, and leaves after the second: who waits for the third? */
/* EXPECT: stuck-thread observed @waits @posts @ends */
/* HANGS */
/* SOURCE: @posts dish */
/* SOURCE: @ends "pthread_exit(arg)" - */
/* SOURCE: @waits dish */

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { DISHES = 3 };

static sem_t dish;

static void *chef_olivia(void *arg)
{
    for (int i = 0; i < DISHES - 1; i++)
        sem_post(&dish); /* @posts */
    pthread_exit(arg);   /* @ends */
}

int main(void)
{
    pthread_t olivia;
    sem_init(&dish, 0, 0);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    for (int i = 0; i < DISHES; i++)
        sem_wait(&dish); /* @waits */
    pthread_join(olivia, NULL);
    printf("Three dishes are served.\n");
    sem_destroy(&dish);
    return 0;
}
