/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bell means that the kitchen closes, and Barron goes home from within the handler, by exit,
 * which still does all that the kitchen has asked for when it closes.
 */
/* EXPECT: lock-in-signal-handler observed @goes */
/* SOURCE: @goes "exit(0)" - */
#include "order.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t pantry = PTHREAD_MUTEX_INITIALIZER;

static void close_kitchen(void)
{
    pthread_mutex_lock(&pantry);
    pthread_mutex_unlock(&pantry);
}

static void on_bell(int signal)
{
    if (signal)
        exit(0); /* @goes */
}

static void *olivia(void *barron)
{
    order_await(1);
    pthread_kill(*(pthread_t *)barron, SIGTERM);
    return NULL;
}

int main(void)
{
    pthread_t thread, barron = pthread_self();
    atexit(close_kitchen);
    signal(SIGTERM, on_bell);
    pthread_create(&thread, NULL, olivia, &barron);
    pthread_detach(thread);
    order_reach(1);
    for (;;)
        order_tick();
}
