/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron holds the pencil when the bell interrupts him, and the handler wants it, too: he waits for
 * himself. That the handler takes a lock at all is the same mistake, and not told twice.
 */
/* EXPECT: self-deadlock observed @holds @wants */
/* FINDING: locks=pencil threads=1 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @wants pencil */
/* SOURCE: @holds pencil */
#include "order.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static volatile int rung;

static void on_bell(int signal)
{
    pthread_mutex_lock(&pencil); /* @wants */
    rung += signal == SIGUSR1;
    pthread_mutex_unlock(&pencil);
    order_reach(2 * rung);
}

static void *olivia(void *barron)
{
    order_await(1);
    pthread_kill(*(pthread_t *)barron, SIGUSR1); /* he holds nothing yet */
    order_await(3);
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
    order_await(2);
    pthread_mutex_lock(&pencil); /* @holds */
    order_reach(3);
    order_await(4); /* the second ring */
    pthread_mutex_unlock(&pencil);
    pthread_join(thread, NULL);
    printf("Rung: %d\n", rung);
    return 0;
}
