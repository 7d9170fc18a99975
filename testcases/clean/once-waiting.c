/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three threads come to what is done once, while a fourth is at it; it needs a lock, which nobody
 * keeps who waits. Then it is tried in vain, since the first one is cancelled, and done by another.
 */
/* EXPECT: nothing */
/* TSAN: does not come back from a cancelled once */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_once_t opened = PTHREAD_ONCE_INIT, cooked = PTHREAD_ONCE_INIT;
static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;
static int stoves, tries;

static void open_kitchen(void)
{
    order_reach(1);
    for (int seat = 1; seat <= 3; seat++)
        order_await_blocked(seat);
    pthread_mutex_lock(&ladle);
    stoves = 4;
    pthread_mutex_unlock(&ladle);
}

static void *visitor(void *seat)
{
    if (seat) {
        order_await(1);
        order_sit((int)(long)seat);
    }
    pthread_once(&opened, open_kitchen);
    pthread_mutex_lock(&ladle);
    stoves += 0;
    pthread_mutex_unlock(&ladle);
    return NULL;
}

static void cook(void)
{
    if (tries++ == 0) {
        order_reach(2);
        for (;;)
            pause();
    }
}

static void *chef(void *seat)
{
    if (seat) {
        order_await(2);
        order_sit((int)(long)seat);
    }
    pthread_once(&cooked, cook);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, visitor, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    pthread_create(&threads[0], NULL, chef, NULL);
    pthread_create(&threads[1], NULL, chef, (void *)4l);
    order_await_blocked(4);
    pthread_cancel(threads[0]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d stoves, %d tries\n", stoves, tries);
    return 0;
}
