/* SPDX-License-Identifier: Apache-2.0 */
/* A timer that is cancelled, and joined before what it looks at is taken away. */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct timer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int cancelled;
    long minutes;
};

static void *wait_for_it(void *arg)
{
    struct timer *timer = arg;
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&timer->lock);
    while (!timer->cancelled && !error)
        error = pthread_cond_timedwait(&timer->changed, &timer->lock, &until);
    timer->minutes = 0;
    pthread_mutex_unlock(&timer->lock);
    return arg;
}

int main(void)
{
    pthread_t thread;
    struct timer *timer = calloc(1, sizeof *timer);
    pthread_mutex_init(&timer->lock, NULL);
    pthread_cond_init(&timer->changed, NULL);
    timer->minutes = 5;
    pthread_create(&thread, NULL, wait_for_it, timer);
    pthread_mutex_lock(&timer->lock);
    timer->cancelled = 1;
    pthread_cond_signal(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->lock);
    free(timer);
    printf("No egg today.\n");
    return 0;
}
