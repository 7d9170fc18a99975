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
#include <time.h>
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

/* Waits that a handler is left from. */

static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;

static void *gives_up(void *unused)
{
    order_sit(1);
    if (sigsetjmp(back, 1) == 0)
        pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&other);
    order_reach(1);
    order_await_blocked(2);
    pthread_mutex_unlock(&other);
    return unused;
}

static void jumps_out(int signal)
{
    siglongjmp(back, signal);
}

static void given_up(void)
{
    pthread_t thread;
    order_sit(2);
    signal(SIGUSR1, jumps_out);
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, gives_up, NULL);
    order_await_blocked(1);
    pthread_kill(thread, SIGUSR1);
    order_await(1);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

static void interrupted(void)
{
    sigset_t set;
    signal(SIGUSR1, jumps_out);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    sigemptyset(&set);
    if (sigsetjmp(back, 1) == 0)
        sigsuspend(&set);
    lock();
}

/* Asynchronous cancellation, wherever it strikes; INNER may stay locked. */
struct victim {
    pthread_mutex_t held, inner;
    int ready;
};

static void gives_back(void *held)
{
    pthread_mutex_unlock(held);
}

static void *suffers(void *data)
{
    struct victim *victim = data;
    pthread_mutex_lock(&victim->held);
    pthread_cleanup_push(gives_back, &victim->held);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&victim->inner);
        pthread_mutex_unlock(&victim->inner);
        if (i == 100) {
            pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
            __atomic_store_n(&victim->ready, 1, __ATOMIC_SEQ_CST);
        }
    }
    pause();
    pthread_cleanup_pop(1);
    return NULL;
}

static void storm(void)
{
    enum { VICTIMS = 150 };
    static struct victim victims[VICTIMS];
    for (int i = 0; i < VICTIMS; i++) {
        pthread_t thread;
        pthread_mutex_init(&victims[i].held, NULL);
        pthread_mutex_init(&victims[i].inner, NULL);
        pthread_create(&thread, NULL, suffers, &victims[i]);
        while (!__atomic_load_n(&victims[i].ready, __ATOMIC_SEQ_CST))
            ;
        pthread_cancel(thread);
        pthread_join(thread, NULL);
        if (pthread_mutex_trylock(&victims[i].held))
            exit(9);
        pthread_mutex_unlock(&victims[i].held);
    }
}

/* Ends with others about. */

static void *runs_on(void *unused)
{
    order_sit(3);
    order_await(1);
    lock();
    return unused;
}

static void lets_run(void)
{
    order_reach(1);
    order_await_ended(3);
    lock();
}

static void detached(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, runs_on, NULL);
    pthread_detach(thread);
    atexit(lets_run);
}

static void *holds(void *unused)
{
    pthread_mutex_lock(&other);
    order_reach(1);
    pause();
    return unused;
}

static void *ends_others(void *unused)
{
    order_await(1);
    atexit(lock_late);
    exit(6);
    return unused;
}

static void holding(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, holds, NULL);
    pthread_create(&threads[1], NULL, ends_others, NULL);
    pthread_join(threads[0], NULL);
}

static void notified(union sigval value)
{
    lock();
    sem_post(value.sival_ptr);
}

static void timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = notified,
                             .sigev_value.sival_ptr = &sem};
    struct itimerspec soon = {.it_value = {0, 1}};
    timer_t timer;
    sem_init(&sem, 0, 0);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &soon, NULL);
    while (sem_wait(&sem))
        ;
}

/* More than fits into a chunk or two, behind another root and as another user. */
static void privileges(void)
{
    enum { MANY = 5000 };
    static pthread_mutex_t many[MANY];
    if (chroot("/usr") || setuid(65534))
        exit(8);
    for (int i = 0; i < MANY; i++) {
        pthread_mutex_lock(&many[i]);
        pthread_mutex_unlock(&many[i]);
    }
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
               {"from_thread", from_thread},
               {"given_up", given_up},
               {"interrupted", interrupted},
               {"storm", storm},
               {"detached", detached},
               {"holding", holding},
               {"timer", timer},
               {"privileges", privileges}};
    for (unsigned i = 0; i < sizeof all / sizeof *all && argc > 1; i++)
        if (!strcmp(argv[1], all[i].name))
            all[i].run();
    return 0;
}
