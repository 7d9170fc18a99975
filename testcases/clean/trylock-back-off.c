/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes a, then b. Olivia comes the other way round, takes b, but only tries a; when it is
 * taken she gives b back and starts again. The order is inverted, but she never waits while she
 * holds something, so no cycle of waits can close.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { BARRONS_SEAT = 0, ROUNDS = 20 };

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 2 * ROUNDS;

static void *barron(void *arg)
{
    order_sit(BARRONS_SEAT);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&chopstick_a);
        if (i == 0) {
            order_reach(1);
            order_await(2); /* Olivia has b */
        }
        pthread_mutex_lock(&chopstick_b);
        sushi_count--;
        pthread_mutex_unlock(&chopstick_b);
        pthread_mutex_unlock(&chopstick_a);
    }
    order_reach(3);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    for (int i = 0; i < ROUNDS;) {
        pthread_mutex_lock(&chopstick_b);
        order_reach(2);
        if (pthread_mutex_trylock(&chopstick_a) == 0) {
            sushi_count--;
            i++;
            pthread_mutex_unlock(&chopstick_a);
        }
        pthread_mutex_unlock(&chopstick_b);
        order_await(3); /* lets Barron finish */
    }
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
