/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two polite philosophers: each takes a chopstick, tries the other, and if it is taken gives the
 * first one back. The first time they are in step; then each waits for a random while, which soon
 * lets one of them be alone at the table. A trylock never waits, so that is no deadlock either.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct philosopher {
    pthread_mutex_t *first, *second;
    unsigned seed;
};

enum { MEALS = 5 };

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 2 * MEALS;

static bool eat(struct philosopher *self, bool in_step)
{
    bool eaten = false;
    pthread_mutex_lock(self->first);
    if (in_step)
        order_meet(0, 2);
    if (pthread_mutex_trylock(self->second) == 0) {
        sushi_count--;
        eaten = true;
        pthread_mutex_unlock(self->second);
    }
    if (in_step)
        order_meet(0, 2);
    pthread_mutex_unlock(self->first);
    return eaten;
}

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    eat(self, true);
    for (int meals = 0; meals < MEALS;) {
        struct timespec pause = {0, rand_r(&self->seed) % 10000000};
        nanosleep(&pause, NULL);
        meals += eat(self, false);
    }
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b, 1};
    struct philosopher olivia = {&chopstick_b, &chopstick_a, 2};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
