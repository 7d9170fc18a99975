/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pencil checks who has it. Olivia gives it back while Barron writes, and once more when
 * nobody has it: it refuses both times, and nobody looks at that.
 */
/* EXPECT: unlock-not-held observed @of-barron @takes */
/* EXPECT: unlock-not-held observed @of-nobody @gives-back */
/* FINDING: locks=pencil sites=2 */
/* SOURCE: @takes pencil */
/* SOURCE: @gives-back pencil */
/* SOURCE: @of-barron pencil */
/* SOURCE: @of-nobody pencil */
#include "order.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil;

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil); /* @takes */
    order_reach(1);
    order_await(2);
    pthread_mutex_unlock(&pencil); /* @gives-back */
    order_reach(3);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    int first = pthread_mutex_unlock(&pencil); /* @of-barron */
    order_reach(2);
    order_await(3);
    int second = pthread_mutex_unlock(&pencil); /* @of-nobody */
    printf("Refused: %d %d\n", first == EPERM, second == EPERM);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&pencil, &attributes);
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    pthread_mutex_destroy(&pencil);
    return 0;
}
