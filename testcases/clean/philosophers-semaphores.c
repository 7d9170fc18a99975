/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers around a table: a b, b c, c a, with semaphores for chopsticks. But they ask
 * the waiter, a semaphore as well, and he lets only one at a time reach for chopsticks.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { PLATE = 50 };

struct philosopher {
    sem_t *first, *second;
    int turn, eaten;
};

static sem_t waiter;
static sem_t chopstick_a, chopstick_b, chopstick_c;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    order_await(self->turn);
    for (int i = 0; i < PLATE; i++) {
        sem_wait(&waiter);
        sem_wait(self->first);
        sem_wait(self->second);
        sem_post(&waiter);
        self->eaten++;
        sem_post(self->second);
        sem_post(self->first);
    }
    order_reach(self->turn + 1);
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b, .turn = 0};
    struct philosopher olivia = {&chopstick_b, &chopstick_c, .turn = 1};
    struct philosopher steve = {&chopstick_c, &chopstick_a, .turn = 2};
    pthread_t threads[3];
    sem_init(&waiter, 0, 1);
    sem_init(&chopstick_a, 0, 1);
    sem_init(&chopstick_b, 0, 1);
    sem_init(&chopstick_c, 0, 1);
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi eaten: %d\n", barron.eaten + olivia.eaten + steve.eaten);
    return 0;
}
