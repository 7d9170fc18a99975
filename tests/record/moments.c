/* SPDX-License-Identifier: Apache-2.0 */
/* What runs at odd moments, each a few events for moments.py. */
#define _GNU_SOURCE
#include "tests/order/order.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t sem;
static sigjmp_buf back;
static ucontext_t place;

static void lock(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void locks(int signal)
{
    (void)signal;
    lock();
}

static void raises(int signal)
{
    (void)signal;
    raise(SIGUSR2);
    lock();
}

static void jumps(int signal)
{
    (void)signal;
    lock();
    siglongjmp(back, 1);
}

static void escapes(int signal)
{
    (void)signal;
    lock();
    setcontext(&place);
}

static void returns(void)
{
    signal(SIGUSR1, locks);
    raise(SIGUSR1);
    lock();
}

static void nested(void)
{
    signal(SIGUSR1, raises);
    signal(SIGUSR2, locks);
    raise(SIGUSR1);
    lock();
}

static __attribute__((noinline)) void jump_and_lock(volatile int depth)
{
    if (depth)
        jump_and_lock(depth - 1);
    else
        lock();
    depth++;
}

/* Goes on far below the frame of the handler that was left. */
static void left(void)
{
    signal(SIGUSR1, jumps);
    if (sigsetjmp(back, 1) == 0)
        raise(SIGUSR1);
    jump_and_lock(1000);
}

static __attribute__((noinline)) void raise_deep(volatile int depth)
{
    if (depth)
        raise_deep(depth - 1);
    else
        raise(SIGUSR1);
    depth++;
}

static void escaped(void)
{
    volatile int times = 0;
    signal(SIGUSR1, escapes);
    getcontext(&place);
    if (times++ == 0)
        raise_deep(1000);
    lock();
}

static void ends_thread(int signal)
{
    (void)signal;
    pthread_exit(NULL);
}

static void *is_ended(void *unused)
{
    raise(SIGUSR1);
    return unused;
}

static void thread_end(void)
{
    pthread_t thread;
    signal(SIGUSR1, ends_thread);
    pthread_create(&thread, NULL, is_ended, NULL);
    pthread_join(thread, NULL);
}

static void posts(int signal)
{
    (void)signal;
    sem_post(&sem);
}

static void *waits(void *unused)
{
    order_sit(1);
    while (sem_wait(&sem))
        ;
    return unused;
}

static void sent(void)
{
    pthread_t thread;
    sem_init(&sem, 0, 0);
    signal(SIGUSR1, posts);
    pthread_create(&thread, NULL, waits, NULL);
    order_await_blocked(1);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
}

static void forks(int signal)
{
    (void)signal;
    pid_t child = fork();
    if (child > 0)
        waitpid(child, NULL, 0);
    lock();
}

static void child(void)
{
    signal(SIGUSR1, forks);
    raise(SIGUSR1);
    lock();
}

static void lock_late(void)
{
    lock();
}

static void exits(int signal)
{
    (void)signal;
    exit(3);
}

static void ends(void)
{
    atexit(lock_late);
    signal(SIGTERM, exits);
    raise(SIGTERM);
}

static void quick(void)
{
    at_quick_exit(lock_late);
    quick_exit(4);
}

static void *outlives(void *first)
{
    pthread_join(*(pthread_t *)first, NULL);
    lock();
    return NULL;
}

static void outlived(void)
{
    static pthread_t first, thread;
    first = pthread_self();
    pthread_create(&thread, NULL, outlives, &first);
    pthread_exit(NULL);
}

static pthread_key_t key;

static void key_ends(void *value)
{
    (void)value;
    lock();
}

static void *has_key(void *unused)
{
    pthread_setspecific(key, &key);
    return unused;
}

static void keys(void)
{
    pthread_t thread;
    pthread_key_create(&key, key_ends);
    pthread_create(&thread, NULL, has_key, NULL);
    pthread_join(thread, NULL);
}

static void *ends_all(void *unused)
{
    lock();
    _exit(5);
    return unused;
}

static void from_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, ends_all, NULL);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } all[] = {{"returns", returns},
               {"nested", nested},
               {"left", left},
               {"escaped", escaped},
               {"thread_end", thread_end},
               {"sent", sent},
               {"child", child},
               {"ends", ends},
               {"quick", quick},
               {"outlived", outlived},
               {"keys", keys},
               {"from_thread", from_thread}};
    for (unsigned i = 0; i < sizeof all / sizeof *all && argc > 1; i++)
        if (!strcmp(argv[1], all[i].name))
            all[i].run();
    return 0;
}
