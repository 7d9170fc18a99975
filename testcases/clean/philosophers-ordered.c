/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three philosophers, three chopsticks, taken in one order: a b, b c, a c. Each pair of them shares
 * a chopstick, all three share none; still no two are at the sushi at once, and the order has no
 * cycle. A detector that asks for one lock common to all accesses is wrong here.
 */
/* EXPECT: nothing */
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
    order_meet(0, 3);
    for (bool hungry = true; hungry;) {
        pthread_mutex_lock(self->first);
        pthread_mutex_lock(self->second);
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
    struct philosopher steve = {&chopstick_a, &chopstick_c};
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, philosopher, &barron);
    pthread_create(&threads[1], NULL, philosopher, &olivia);
    pthread_create(&threads[2], NULL, philosopher, &steve);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
