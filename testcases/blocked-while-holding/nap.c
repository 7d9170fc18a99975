/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve takes the chopsticks and naps over his sushi, twice, while Olivia waits for them.
 */
/* EXPECT: blocked-while-holding observed @takes @naps @waits */
/* FINDING: severity=note locks=chopsticks threads=2 sites=3 */
/* SOURCE: @waits chopsticks */
/* SOURCE: @takes chopsticks */
/* SOURCE: @naps "usleep(NAP_US)" - */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { OLIVIAS_SEAT, NAP_US = 60000 };

static pthread_mutex_t chopsticks = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 3;

static void *olivia(void *arg)
{
    order_sit(OLIVIAS_SEAT);
    order_await(1);
    pthread_mutex_lock(&chopsticks); /* @waits */
    sushi_count--;
    pthread_mutex_unlock(&chopsticks);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_mutex_lock(&chopsticks); /* @takes */
    order_reach(1);
    order_await_blocked(OLIVIAS_SEAT);
    for (int i = 0; i < 2; i++) {
        usleep(NAP_US); /* @naps */
        sushi_count--;
    }
    pthread_mutex_unlock(&chopsticks);
    pthread_join(thread, NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
