/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever forks takes the pencil before and gives it back on both sides; and the bowl, which Olivia
 * holds meanwhile, is made anew in the child.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER, bowl = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count;

static void before(void)
{
    pthread_mutex_lock(&pencil);
}

static void behind(void)
{
    pthread_mutex_unlock(&pencil);
}

static void in_child(void)
{
    pthread_mutex_unlock(&pencil);
    pthread_mutex_init(&bowl, NULL);
}

static void *shopper_olivia(void *arg)
{
    pthread_mutex_lock(&bowl);
    order_reach(1);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&pencil);
        garlic_count++;
        pthread_mutex_unlock(&pencil);
    }
    order_await(2);
    pthread_mutex_unlock(&bowl);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_atfork(before, behind, in_child);
    pthread_create(&olivia, NULL, shopper_olivia, NULL);
    order_await(1);
    pid_t kitchen = fork();
    if (kitchen == 0) {
        pthread_mutex_lock(&pencil);
        garlic_count++;
        pthread_mutex_unlock(&pencil);
        pthread_mutex_lock(&bowl);
        pthread_mutex_unlock(&bowl);
        _exit(0);
    }
    order_reach(2);
    pthread_join(olivia, NULL);
    int status = 1;
    waitpid(kitchen, &status, 0);
    printf("Both kitchens are closed: %d.\n", status);
    return 0;
}
