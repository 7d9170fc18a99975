/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers that do what they may: set a flag, write to a pipe, post a semaphore. One takes a lock
 * and memory, but comes only where Barron lets it in: in sigsuspend and ppoll with a mask of their
 * own, in raise, where he unblocks it, or by a fault of his own code. Another leaves by siglongjmp
 * before it takes a lock. Steve takes his signal by sigwait, and is no handler.
 */
/* EXPECT: nothing */
/* TSAN: puts handlers off until its thread calls something that waits */
#define _GNU_SOURCE /* ppoll */
#include "order.h"
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 4096 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static atomic_int rung, noted;
static int hatch[2];
static sem_t bell;
static sigjmp_buf way_out;
static void *volatile paper;

static void on_safe(int signal)
{
    if (write(hatch[1], "b", 1) == 1 && sem_post(&bell) == 0)
        rung = signal;
    order_reach(2);
}

static void on_let_in(int signal)
{
    pthread_mutex_lock(&pencil);
    paper = malloc((size_t)signal);
    free(paper);
    noted++;
    pthread_mutex_unlock(&pencil);
}

static void on_fault(int signal)
{
    on_let_in(signal);
    siglongjmp(way_out, 1);
}

static void on_leave(int signal)
{
    siglongjmp(way_out, signal);
}

static void *steve(void *arg)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigwait(&set, &number);
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);
    return arg;
}

static void *olivia(void *barron)
{
    order_await(1);
    pthread_kill(*(pthread_t *)barron, SIGUSR1);
    order_await(3);
    pthread_kill(*(pthread_t *)barron, SIGUSR2);
    order_await(4);
    pthread_kill(*(pthread_t *)barron, SIGUSR2);
    order_reach(5);
    order_await(6);
    pthread_kill(*(pthread_t *)barron, SIGUSR2);
    order_reach(7);
    order_await(8);
    pthread_kill(*(pthread_t *)barron, SIGHUP);
    return NULL;
}

int main(void)
{
    pthread_t threads[2], barron = pthread_self();
    sigset_t blocked, open;
    const struct timespec none = {0, 0};
    char byte;
    if (pipe(hatch))
        return 1;
    sem_init(&bell, 0, 0);
    signal(SIGUSR1, on_safe);
    signal(SIGUSR2, on_let_in);
    signal(SIGSEGV, on_fault);
    signal(SIGHUP, on_leave);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &open);
    pthread_create(&threads[0], NULL, steve, NULL);
    pthread_create(&threads[1], NULL, olivia, &barron);
    order_reach(1);
    order_await(2);
    sem_wait(&bell);
    if (read(hatch[0], &byte, 1) != 1)
        return 1;
    order_reach(3);
    sigsuspend(&open);
    order_reach(4);
    order_await(5);
    ppoll(NULL, 0, &none, &open);
    order_reach(6);
    order_await(7);
    pthread_sigmask(SIG_SETMASK, &open, NULL);
    raise(SIGUSR2);
    if (!sigsetjmp(way_out, 1))
        *(volatile char *)NULL = 1;
    if (!sigsetjmp(way_out, 1)) {
        order_reach(8);
        for (;;)
            order_tick();
    }
    pthread_mutex_lock(&pencil);
    pthread_mutex_unlock(&pencil);
    pthread_kill(threads[0], SIGTERM);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Noted: %d\n", noted);
    return 0;
}
