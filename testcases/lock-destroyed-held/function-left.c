/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pencil is a variable of the function that sends Olivia for it, and that returns before she
 * has it: it holds it itself.
 */
/* EXPECT: lock-destroyed-held observed @next @takes @waits */
/* FINDING: threads=2 sites=3 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @waits pencil */
/* SOURCE: @takes pencil */
/* SOURCE: @next thread */
#include "order.h"
#include <pthread.h>

enum { OLIVIAS_SEAT = 0 };

static void *olivia(void *pencil)
{
    order_sit(OLIVIAS_SEAT);
    pthread_mutex_lock(pencil); /* @waits */
    pthread_mutex_unlock(pencil);
    return NULL;
}

static __attribute__((noinline)) pthread_t send(void)
{
    pthread_t thread;
    pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&pencil); /* @takes */
    pthread_create(&thread, NULL, olivia, &pencil);
    order_await_blocked(OLIVIAS_SEAT);
    return thread;
}

int main(void)
{
    pthread_t thread = send();
    pthread_join(thread, NULL); /* @next */
    return 0;
}
