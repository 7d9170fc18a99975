/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers around a table: a b, b c, c a. Their chopsticks are semaphores with one token,
 * which excludes as a mutex does. Nobody is hungry while another eats, and nothing happens; but the
 * cycle is there.
 */
/* EXPECT: deadlock predicted @first @second */
/* FINDING: threads=3 locks=chopstick_a,chopstick_b,chopstick_c sites=6 */
/* SOURCE: @first self->first philosopher::first */
/* SOURCE: @second self->second philosopher::second */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { PLATE = 50 };

struct philosopher {
    sem_t *first, *second;
    int turn;
};

static sem_t chopstick_a, chopstick_b, chopstick_c;
static int sushi_count = 3 * PLATE;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    order_await(self->turn);
    for (int i = 0; i < PLATE; i++) {
        sem_wait(self->first);  /* @first */
        sem_wait(self->second); /* @second */
        sushi_count--;
        sem_post(self->second);
        sem_post(self->first);
    }
    order_reach(self->turn + 1);
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b, 0};
    struct philosopher olivia = {&chopstick_b, &chopstick_c, 1};
    struct philosopher steve = {&chopstick_c, &chopstick_a, 2};
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
