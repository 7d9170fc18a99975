/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers around a table: a b, b c, c a, which is a cycle. But they ask the waiter, and
 * he lets only one at a time reach for chopsticks: behind this gate the cycle can never close.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

struct philosopher {
    pthread_mutex_t *first, *second;
};

static pthread_mutex_t waiter = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 150;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    order_meet(0, 3);
    for (bool hungry = true; hungry;) {
        pthread_mutex_lock(&waiter);
        pthread_mutex_lock(self->first);
        pthread_mutex_lock(self->second);
        pthread_mutex_unlock(&waiter);
        hungry = sushi_count > 0;
        if (hungry)
            sushi_count--;
        pthread_mutex_unlock(self->second);
        pthread_mutex_unlock(self->first);
    }
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b};
    struct philosopher olivia = {&chopstick_b, &chopstick_c};
    struct philosopher steve = {&chopstick_c, &chopstick_a};
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
