/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron stirs the soup. The bell interrupts him, wherever he just is, and he takes the pencil to
 * note down who rang.
 */
/* EXPECT: lock-in-signal-handler observed @pencil */
/* FINDING: severity=warning locks=pencil threads=1 */
/* SOURCE: @pencil pencil */
#include "order.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static volatile int rung;

static void on_bell(int signal)
{
    pthread_mutex_lock(&pencil); /* @pencil */
    rung += signal == SIGUSR1;
    pthread_mutex_unlock(&pencil);
    order_reach(2);
}

static void *olivia(void *barron)
{
    order_await(1);
    pthread_kill(*(pthread_t *)barron, SIGUSR1);
    return NULL;
}

int main(void)
{
    pthread_t thread, barron = pthread_self();
    struct sigaction action = {.sa_handler = on_bell};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, olivia, &barron);
    order_reach(1);
    order_await(2); /* stirs */
    pthread_join(thread, NULL);
    printf("Rung: %d\n", rung);
    return 0;
}
