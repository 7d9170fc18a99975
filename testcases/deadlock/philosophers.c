/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers around a table: a b, b c, c a. Each takes the first chopstick, and then waits
 * for the second, which a neighbour holds, who waits too. Here they always all hold their first
 * one before anybody reaches for the second, and hang.
 */
/* EXPECT: deadlock observed @first @second */
/* FINDING: threads=3 sites=6 locks=chopstick_a,chopstick_b,chopstick_c */
/* HANGS */
/* SOURCE: @first self->first philosopher::first */
/* SOURCE: @second self->second philosopher::second */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

struct philosopher {
    pthread_mutex_t *first, *second;
};

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 150;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    for (bool hungry = true; hungry;) {
        pthread_mutex_lock(self->first); /* @first */
        order_meet(0, 3);
        pthread_mutex_lock(self->second); /* @second */
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
