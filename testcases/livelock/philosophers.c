/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two polite philosophers: each takes a chopstick, tries the other, finds it taken, gives the first
 * one back, waits a little and tries again. Both do so in step, so both are always busy, and nobody
 * ever eats.
 */
/* EXPECT: livelock observed @takes @tries */
/* FINDING: threads=2 locks=chopstick_a,chopstick_b */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @takes self->first philosopher::first */
/* SOURCE: @tries self->second philosopher::second */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

struct philosopher {
    pthread_mutex_t *first, *second;
};

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 10;

static bool eat(struct philosopher *self)
{
    bool eaten = false;
    pthread_mutex_lock(self->first); /* @takes */
    order_meet(0, 2);
    if (pthread_mutex_trylock(self->second) == 0) { /* @tries */
        sushi_count--;
        eaten = true;
        pthread_mutex_unlock(self->second);
    }
    order_meet(0, 2);
    pthread_mutex_unlock(self->first);
    return eaten;
}

static void *philosopher(void *arg)
{
    const struct timespec pause = {0, 200000};
    while (!eat(arg))
        nanosleep(&pause, NULL);
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b};
    struct philosopher olivia = {&chopstick_b, &chopstick_a};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
