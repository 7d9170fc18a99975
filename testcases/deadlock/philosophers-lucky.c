/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same three philosophers around the same table: a b, b c, c a. This time nobody is hungry
 * while another eats, and nothing happens. But the cycle is there.
 */
/* EXPECT: deadlock predicted @first @second */
/* FINDING: threads=3 locks=chopstick_a,chopstick_b,chopstick_c */
/* SOURCE: @first self->first philosopher::first */
/* SOURCE: @second self->second philosopher::second */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { PLATE = 50 };

struct philosopher {
    pthread_mutex_t *first, *second;
    int turn;
};

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 3 * PLATE;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    order_await(self->turn);
    for (int i = 0; i < PLATE; i++) {
        pthread_mutex_lock(self->first);  /* @first */
        pthread_mutex_lock(self->second); /* @second */
        sushi_count--;
        pthread_mutex_unlock(self->second);
        pthread_mutex_unlock(self->first);
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
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
