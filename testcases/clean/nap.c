/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve naps, but puts the chopsticks down first. He also naps with a spoon in his hand that nobody
 * wants, and with Olivia over the calendar, where both only read. When he waits for the bell he
 * lets go of its rope. Taking turns at the door is no fault: who is next has nothing to do before.
 */
/* EXPECT: nothing */
#include "order.h"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { NAP_US = 50000 };

static pthread_mutex_t chopsticks = PTHREAD_MUTEX_INITIALIZER, spoon = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t rope = PTHREAD_MUTEX_INITIALIZER, turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int door[2], rung, served;

static void serve(void)
{
    char guest;
    pthread_mutex_lock(&turn);
    struct pollfd at_door = {.fd = door[0], .events = POLLIN};
    if (poll(&at_door, 1, -1) == 1 && read(door[0], &guest, 1) == 1)
        served++;
    pthread_mutex_unlock(&turn);
}

static void *olivia(void *arg)
{
    pthread_rwlock_rdlock(&calendar);
    order_meet(0, 2);
    usleep(NAP_US);
    pthread_rwlock_unlock(&calendar);
    pthread_mutex_lock(&chopsticks);
    pthread_mutex_unlock(&chopsticks);
    usleep(NAP_US);
    pthread_mutex_lock(&rope);
    rung = 1;
    pthread_cond_signal(&bell);
    pthread_mutex_unlock(&rope);
    serve();
    return arg;
}

static void *steve(void *arg)
{
    pthread_rwlock_rdlock(&calendar);
    order_meet(0, 2);
    usleep(NAP_US);
    pthread_rwlock_unlock(&calendar);
    pthread_mutex_lock(&chopsticks);
    pthread_mutex_unlock(&chopsticks);
    usleep(NAP_US);
    pthread_mutex_lock(&spoon);
    usleep(NAP_US);
    pthread_mutex_unlock(&spoon);
    pthread_mutex_lock(&rope);
    while (!rung)
        pthread_cond_wait(&bell, &rope);
    pthread_mutex_unlock(&rope);
    serve();
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    if (pipe(door))
        return 1;
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, steve, NULL);
    usleep(4 * NAP_US); /* they take turns at the door by now */
    if (write(door[1], "ab", 2) != 2)
        return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Served: %d\n", served);
    return 0;
}
