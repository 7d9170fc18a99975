/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes a, then b; when he is gone, Olivia comes and takes b, then a. They never meet: the
 * second is created only after the first was joined, so neither the locks nor the unlocked sushi
 * count are at risk.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>

struct philosopher {
    pthread_mutex_t *first, *second;
};

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 2;

static void *philosopher(void *arg)
{
    struct philosopher *self = arg;
    pthread_mutex_lock(self->first);
    pthread_mutex_lock(self->second);
    pthread_mutex_unlock(self->second);
    pthread_mutex_unlock(self->first);
    sushi_count--;
    return NULL;
}

int main(void)
{
    struct philosopher barron = {&chopstick_a, &chopstick_b};
    struct philosopher olivia = {&chopstick_b, &chopstick_a};
    pthread_t thread;
    pthread_create(&thread, NULL, philosopher, &barron);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, philosopher, &olivia);
    pthread_join(thread, NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
