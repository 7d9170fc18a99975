/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Main destroys the pencil; Barron takes it, and gives it back, after that. The C library answers
 * with EINVAL, and nothing is locked.
 */
/* EXPECT: use-after-destroy observed @takes @destroys */
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
    order_await(1);
    int error = pthread_mutex_lock(&pencil); /* @takes */
    printf("Refused: %d\n", error == EINVAL);
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, barron, NULL);
    pthread_mutex_destroy(&pencil); /* @destroys */
    order_reach(1);
    pthread_join(thread, NULL);
    return 0;
}
