/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron leaves with a robust chopstick. Olivia, who waits for it, gets it with the word that its
 * owner died, puts things in order, and declares it consistent; it serves on as before.
 */
/* EXPECT: nothing */
/* TSAN: knows no death of an owner */
#include "order.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { OLIVIAS_SEAT = 0 };

static pthread_mutex_t chopstick;
static int sushi_count = 3;

static void *barron(void *arg)
{
    pthread_mutex_lock(&chopstick);
    sushi_count = -1; /* half way through */
    order_reach(1);
    order_await_blocked(OLIVIAS_SEAT);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    order_sit(OLIVIAS_SEAT);
    if (pthread_mutex_lock(&chopstick) == EOWNERDEAD) {
        sushi_count = 2;
        pthread_mutex_consistent(&chopstick);
    }
    pthread_mutex_unlock(&chopstick);
    pthread_mutex_lock(&chopstick);
    sushi_count--;
    pthread_mutex_unlock(&chopstick);
    return arg;
}

int main(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&chopstick, &attributes);
    pthread_mutexattr_destroy(&attributes);

    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Sushi left: %d\n", sushi_count);
    pthread_mutex_destroy(&chopstick);
    return 0;
}
