/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that are variables of functions, which return when nobody uses them any more, at every
 * depth; one is used in a signal handler on a stack of its own, which lies in main's frame.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct shared {
    pthread_mutex_t *pencil;
    sem_t *done;
};

static void *helper(void *arg)
{
    struct shared *shared = arg;
    pthread_mutex_lock(shared->pencil);
    order_tick();
    pthread_mutex_unlock(shared->pencil);
    sem_post(shared->done);
    return NULL;
}

static __attribute__((noinline)) void cook(int depth)
{
    pthread_t thread;
    pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
    sem_t done;
    struct shared shared = {&pencil, &done};
    sem_init(&done, 0, 0);
    pthread_mutex_lock(&pencil);
    if (depth)
        cook(depth - 1);
    pthread_create(&thread, NULL, helper, &shared);
    pthread_mutex_unlock(&pencil);
    sem_wait(&done);
    pthread_join(thread, NULL);
}

static sem_t rung;

static void bell(int number)
{
    (void)number;
    sem_post(&rung);
}

static __attribute__((noinline)) void hold_and_ring(void)
{
    pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&pencil);
    raise(SIGUSR1);
    sem_wait(&rung);
    pthread_mutex_unlock(&pencil);
}

int main(void)
{
    _Alignas(16) char own[1 << 16];
    stack_t stack = {.ss_sp = own, .ss_size = sizeof own};
    struct sigaction action = {.sa_handler = bell, .sa_flags = SA_ONSTACK};
    sem_init(&rung, 0, 0);
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    for (int round = 0; round < 4; round++)
        cook(round);
    hold_and_ring();
    printf("Cooked.\n");
    return 0;
}
