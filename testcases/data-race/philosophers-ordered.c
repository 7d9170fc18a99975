/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers, three chopsticks, taken in one order: a b, b c, a c. They cannot deadlock,
 * and no two eat at once, since any two of them share a chopstick. But whether there is sushi left
 * they look before they hold one.
 */
/* EXPECT: data-race observed @test @eat */
/* REWRITE: possible if optimized */
/* FINDING: variable=sushi_count */
/* SOURCE: @test sushi_count */
/* SOURCE: @eat sushi_count */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

struct philosopher {
    pthread_mutex_t *first, *second;
    int turn; /* the one with turn 0 eats before the others */
};

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 150;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    while (sushi_count > 0) { /* @test */
        order_await(self->turn);
        pthread_mutex_lock(self->first);
        pthread_mutex_lock(self->second);
        if (sushi_count > 0)
            sushi_count--; /* @eat */
        pthread_mutex_unlock(self->second);
        pthread_mutex_unlock(self->first);
        order_reach(1);
    }
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b, 0};
    struct philosopher olivia = {&chopstick_b, &chopstick_c, 1};
    struct philosopher steve = {&chopstick_a, &chopstick_c, 1};
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
