/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve holds the spoon and waits at the hatch for garlic. Olivia wants the spoon meanwhile, gives
 * up after a while, and only then does the garlic come.
 */
/* EXPECT: blocked-while-holding observed @takes @reads @wants */
/* FINDING: locks=spoon */
/* SOURCE: @takes spoon */
/* SOURCE: @reads hatch[0] hatch */
/* SOURCE: @wants spoon */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t spoon = PTHREAD_MUTEX_INITIALIZER;
static int hatch[2];

static void *steve(void *arg)
{
    char garlic;
    order_sit(0);
    pthread_mutex_lock(&spoon); /* @takes */
    order_reach(1);
    if (read(hatch[0], &garlic, 1) != 1) /* @reads */
        printf("No garlic.\n");
    pthread_mutex_unlock(&spoon);
    return arg;
}

int main(void)
{
    pthread_t thread;
    struct timespec later;
    if (pipe(hatch))
        return 1;
    pthread_create(&thread, NULL, steve, NULL);
    order_await(1);
    order_await_call(0, SYS_read);
    clock_gettime(CLOCK_REALTIME, &later);
    later.tv_sec += (later.tv_nsec + 80000000) / 1000000000;
    later.tv_nsec = (later.tv_nsec + 80000000) % 1000000000;
    if (pthread_mutex_timedlock(&spoon, &later)) /* @wants */
        printf("Olivia stirs with a fork.\n");
    if (write(hatch[1], "g", 1) != 1)
        return 1;
    pthread_join(thread, NULL);
    return 0;
}
