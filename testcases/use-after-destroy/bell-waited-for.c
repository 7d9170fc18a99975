/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia waits for the bell, which main takes down. The C library lets main wait there until she
 * has gone, which she never does.
 */
/* EXPECT: use-after-destroy observed @destroys @waits */
/* FINDING: locks=bell threads=2 sites=2 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @waits bell */
/* SOURCE: @destroys bell */
#include "order.h"
#include <pthread.h>

enum { OLIVIAS_SEAT = 0 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int rung;

static void *olivia(void *arg)
{
    order_sit(OLIVIAS_SEAT);
    pthread_mutex_lock(&pencil);
    while (!rung)
        pthread_cond_wait(&bell, &pencil); /* @waits */
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    order_await_blocked(OLIVIAS_SEAT);
    pthread_cond_destroy(&bell); /* @destroys */
    pthread_join(thread, NULL);
    return 0;
}
