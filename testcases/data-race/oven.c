/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia bakes loaves, with one look at the clock for each, and counts them. Barron is called when
 * some are ready, and then watches the count, which is no atomic one.
 */
/* EXPECT: data-race observed @count @look */
/* SOURCE: @count ready */
/* SOURCE: @look "*(volatile int *)&ready" ready */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>

enum { LOAVES = 400, SOME = 20, LOOKS = 300 };

static pthread_mutex_t clock_on_the_wall = PTHREAD_MUTEX_INITIALIZER;
static sem_t call;
static int ready;

static void *olivia(void *arg)
{
    for (int i = 1; i <= LOAVES; i++) {
        pthread_mutex_lock(&clock_on_the_wall);
        pthread_mutex_unlock(&clock_on_the_wall);
        ready++; /* @count */
        if (i == SOME)
            sem_post(&call);
        sched_yield();
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    int most = 0;
    sem_init(&call, 0, 0);
    pthread_create(&thread, NULL, olivia, NULL);
    sem_wait(&call);
    for (int i = 0; i < LOOKS; i++) {
        int seen = *(volatile int *)&ready; /* @look */
        most = seen > most ? seen : most;
        sched_yield();
    }
    pthread_join(thread, NULL);
    sem_destroy(&call);
    printf("%d loaves%s\n", ready, most > ready ? ", and fewer than were seen" : "");
    return 0;
}
