/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cook holds the ladle while waiting for the helper, who needs the ladle, but only for a
 * moment: then the cook gives it back and asks again. And to see whether a helper is done, nobody
 * waits.
 */
/* EXPECT: nothing */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;

static void *helper(void *arg)
{
    pthread_mutex_lock(&ladle);
    order_tick();
    pthread_mutex_unlock(&ladle);
    order_reach(*(int *)arg);
    return NULL;
}

static int is_done(pthread_t thread, int soon)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec = (until.tv_nsec + 1000000) % 1000000000;
    pthread_mutex_lock(&ladle);
    int error =
        soon ? pthread_timedjoin_np(thread, NULL, &until) : pthread_tryjoin_np(thread, NULL);
    pthread_mutex_unlock(&ladle);
    return !error;
}

int main(void)
{
    for (int soon = 0; soon < 2; soon++) {
        pthread_t thread;
        int step = soon + 1;
        pthread_create(&thread, NULL, helper, &step);
        order_await(step);
        while (!is_done(thread, soon))
            ;
    }
    puts("The soup is ready.");
    return 0;
}
