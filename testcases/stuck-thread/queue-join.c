/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron puts plates on the counter and Olivia serves them, one task_done each. She is told to stop
 * while plates are left, and goes. Then Barron waits until everything on the counter is done with.
 */
/* EXPECT: stuck-thread observed @waits @takes */
/* HANGS */
/* SOURCE: @takes counter */
/* SOURCE: @waits all_done */

#include <pthread.h>
#include <stdio.h>

enum { ROOM = 8, PLATES = 6, LAST = -1 };

static pthread_mutex_t counter = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t plate_put = PTHREAD_COND_INITIALIZER;
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;
static int plates[ROOM], put, taken, unfinished, stopped;

static void queue_put(int plate)
{
    pthread_mutex_lock(&counter);
    plates[put++ % ROOM] = plate;
    unfinished++;
    pthread_cond_signal(&plate_put);
    pthread_mutex_unlock(&counter);
}

static void queue_stop(void)
{
    pthread_mutex_lock(&counter);
    stopped = 1;
    pthread_cond_signal(&plate_put);
    pthread_mutex_unlock(&counter);
}

static int queue_get(void)
{
    pthread_mutex_lock(&counter);
    while (put == taken && !stopped)
        pthread_cond_wait(&plate_put, &counter);
    int plate = stopped ? LAST : plates[taken++ % ROOM];
    pthread_mutex_unlock(&counter);
    return plate;
}

static void queue_task_done(void)
{
    pthread_mutex_lock(&counter); /* @takes */
    if (--unfinished == 0)
        pthread_cond_broadcast(&all_done);
    pthread_mutex_unlock(&counter);
}

static void queue_join(void)
{
    pthread_mutex_lock(&counter);
    while (unfinished)
        pthread_cond_wait(&all_done, &counter); /* @waits */
    pthread_mutex_unlock(&counter);
}

static void *olivia(void *arg)
{
    for (int plate; (plate = queue_get()) != LAST;)
        queue_task_done();
    queue_task_done();
    return arg;
}

int main(void)
{
    pthread_t waitress;
    for (int i = 0; i < PLATES; i++)
        queue_put(i);
    queue_stop();
    pthread_create(&waitress, NULL, olivia, NULL);
    pthread_join(waitress, NULL);
    queue_join();
    printf("Everything was served.\n");
    return 0;
}
