/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the stove, and Olivia, who finishes the dish, gives it back: she posts what she
 * never waited for, as often as he waits and does not post. The bell that tells her begins at 0 and
 * rises above that each time. On the shelf there is room for two dishes: Barron waits for a place,
 * Olivia posts it.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { DISHES = 500 };

static sem_t stove, bell, room, dishes, loaves;
static int dish;

static void *barron(void *arg)
{
    for (int i = 0; i < DISHES; i++)
        sem_post(&loaves);
    for (int i = 0; i < DISHES; i++) {
        sem_wait(&stove);
        dish++;
        sem_post(&bell);
    }
    for (int i = 0; i < DISHES; i++) {
        sem_wait(&room);
        sem_post(&dishes);
    }
    return arg;
}

static void *olivia(void *arg)
{
    for (int i = 0; i < DISHES; i++) {
        sem_wait(&bell);
        dish++;
        sem_post(&stove);
    }
    for (int i = 0; i < DISHES; i++) {
        sem_wait(&dishes);
        sem_post(&room);
    }
    for (int i = 0; i < DISHES; i++)
        sem_wait(&loaves);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    sem_init(&stove, 0, 1);
    sem_init(&bell, 0, 0);
    sem_init(&room, 0, 2);
    sem_init(&dishes, 0, 0);
    sem_init(&loaves, 0, 1);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Dishes: %d\n", dish);
    return 0;
}
