/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia holds the pencil while Barron opens a second kitchen by fork. There is no Olivia there,
 * and the pencil is taken: the second kitchen waits for it for ever.
 */
/* EXPECT: lock-held-across-fork observed @holds @forks @wants */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @holds pencil */
/* SOURCE: @forks "fork()" - */
/* SOURCE: @wants pencil */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;

static void *shopper_olivia(void *arg)
{
    pthread_mutex_lock(&pencil); /* @holds */
    order_reach(1);
    order_await(2);
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, shopper_olivia, NULL);
    order_await(1);
    pid_t kitchen = fork(); /* @forks */
    if (kitchen == 0) {
        pthread_mutex_lock(&pencil); /* @wants */
        pthread_mutex_unlock(&pencil);
        _exit(0);
    }
    order_reach(2);
    pthread_join(olivia, NULL);
    waitpid(kitchen, NULL, 0);
    printf("Both kitchens are closed.\n");
    return 0;
}
