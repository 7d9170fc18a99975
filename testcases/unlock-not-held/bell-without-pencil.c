/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia waits for the bell with a pencil that she has not taken: the wait gives it back.
 */
/* EXPECT: unlock-not-held observed @waits */
/* FINDING: locks=pencil */
/* SOURCE: @waits bell */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;

static void *olivia(void *arg)
{
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec = 0;                              /* has passed */
    pthread_cond_timedwait(&bell, &pencil, &soon); /* @waits */
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_join(thread, NULL);
    printf("Nobody rang.\n");
    return 0;
}
