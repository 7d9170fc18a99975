/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron writes. Main destroys the pencil, which the C library refuses with EBUSY, and nobody
 * looks.
 */
/* EXPECT: lock-destroyed-held observed @destroys @takes */
/* FINDING: locks=pencil threads=2 */
/* SOURCE: @takes pencil */
/* SOURCE: @destroys pencil */
#include "order.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static void *barron(void *arg)
{
    pthread_mutex_lock(&pencil); /* @takes */
    order_reach(1);
    order_await(2);
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    order_await(1);
    int error = pthread_mutex_destroy(&pencil); /* @destroys */
    order_reach(2);
    pthread_join(thread, NULL);
    printf("Refused: %d\n", error == EBUSY);
    return 0;
}
