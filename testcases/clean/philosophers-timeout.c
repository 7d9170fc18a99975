/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers around a table: a b, b c, c a. Who does not get the second chopstick in time
 * gives the first one back, waits for a random while, and tries again. In the first round all of
 * them run into the time-out; nobody waits for ever, so there is no deadlock, and the random while
 * breaks the step, so there is no livelock.
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

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_c = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 30;

static bool lock_in_time(pthread_mutex_t *chopstick)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 5000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return pthread_mutex_timedlock(chopstick, &deadline) == 0;
}

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    bool hungry = true;
    for (int round = 0; hungry; round++) {
        pthread_mutex_lock(self->first);
        if (round == 0)
            order_meet(0, 3);
        if (lock_in_time(self->second)) {
            hungry = sushi_count > 0;
            if (hungry)
                sushi_count--;
            pthread_mutex_unlock(self->second);
            pthread_mutex_unlock(self->first);
        } else {
            pthread_mutex_unlock(self->first);
            struct timespec pause = {0, rand_r(&self->seed) % 20000000};
            nanosleep(&pause, NULL);
        }
    }
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b, 1};
    struct philosopher olivia = {&chopstick_b, &chopstick_c, 2};
    struct philosopher steve = {&chopstick_c, &chopstick_a, 3};
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
