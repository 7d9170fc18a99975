/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia waits at the hatch. Main destroys it, and makes it anew so that she may go on in the end,
 * which she does not need to: whatever she still sees there, nobody promises.
 */
/* EXPECT: use-after-destroy observed @destroys @waits */
/* FINDING: locks=hatch threads=2 sites=2 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @waits hatch */
/* SOURCE: @destroys hatch */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>

enum { OLIVIAS_SEAT = 0 };

static sem_t hatch;

static void *olivia(void *arg)
{
    order_sit(OLIVIAS_SEAT);
    sem_wait(&hatch); /* @waits */
    return arg;
}

int main(void)
{
    pthread_t thread;
    sem_init(&hatch, 0, 0);
    pthread_create(&thread, NULL, olivia, NULL);
    order_await_blocked(OLIVIAS_SEAT);
    sem_destroy(&hatch); /* @destroys */
    pthread_join(thread, NULL);
    return 0;
}
