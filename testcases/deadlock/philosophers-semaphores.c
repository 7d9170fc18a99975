/* SPDX-License-Identifier: Apache-2.0 */
/* Three philosophers around a table, whose chopsticks are semaphores; all have taken the first. */
/* EXPECT: deadlock observed @first @second */
/* FINDING: threads=3 locks=chopstick_a,chopstick_b,chopstick_c sites=6 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @first self->first philosopher::first */
/* SOURCE: @second self->second philosopher::second */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

struct philosopher {
    sem_t *first, *second;
};

static sem_t chopstick_a, chopstick_b, chopstick_c;
static int sushi_count = 150;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    sem_wait(self->first); /* @first */
    order_meet(0, 3);
    sem_wait(self->second); /* @second */
    sushi_count--;
    sem_post(self->second);
    sem_post(self->first);
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b};
    struct philosopher olivia = {&chopstick_b, &chopstick_c};
    struct philosopher steve = {&chopstick_c, &chopstick_a};
    pthread_t threads[3];
    sem_init(&chopstick_a, 0, 1);
    sem_init(&chopstick_b, 0, 1);
    sem_init(&chopstick_c, 0, 1);
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
