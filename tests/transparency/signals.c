/* SPDX-License-Identifier: Apache-2.0 */
/* Masks and dispositions are the program's own; handlers run wherever they come. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <signal.h>
#include <sys/time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, in_handler = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t posted;
static _Atomic int handled; /* handlers may run in several threads at once */

static void say_signals(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    printf("blocked:");
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (sigismember(&mask, signal) == 1)
            printf(" %d", signal);
    printf("\nnot default:");
    for (int signal = 1; signal <= SIGRTMAX; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf(" %d", signal);
    }
    printf("\n");
}

static void *thread_says(void *unused)
{
    pthread_mutex_lock(&mutex);
    say_signals();
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void masks(void)
{
    sigset_t some;
    say_signals();
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGPROF);
    sigprocmask(SIG_BLOCK, &some, NULL);
    elsewhere(thread_says, NULL);
    pthread_mutex_lock(&mutex);
    say_signals();
    pthread_mutex_unlock(&mutex);
}

static void post(int signal)
{
    int error = errno;
    (void)signal;
    handled++;
    sem_post(&posted);
    errno = error;
}

/* Not what POSIX allows, but what programs do. */
static void lock(int signal)
{
    int error = errno;
    (void)signal;
    handled++;
    if (pthread_mutex_trylock(&in_handler) == 0)
        pthread_mutex_unlock(&in_handler);
    sem_post(&posted);
    errno = error;
}

static long deep(int depth)
{
    volatile char room[64] = {0};
    if (depth == 0) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        free(malloc(64));
        return room[1];
    }
    return deep(depth - 1) + room[0];
}

static void *works(void *rounds)
{
    for (long i = 0; i < (long)rounds; i++)
        deep((int)(i % 20));
    return NULL;
}

static void storm_of(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 200}, {0, 200}};
    pthread_t threads[4];
    handled = 0;
    sem_init(&posted, 0, 0);
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &often, NULL);
    for (int round = 0; round < 5 || handled < 20; round++) {
        for (int i = 0; i < 4; i++)
            threads[i] = make_thread(works, (void *)500);
        for (int i = 0; i < 4; i++)
            MUST(pthread_join(threads[i], NULL) == 0);
    }
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    signal(SIGPROF, SIG_IGN);
    int value;
    sem_getvalue(&posted, &value);
    printf("each handler posted: %d\n", value == handled);
}

static void storms(void)
{
    storm_of(post);
    storm_of(lock);
}

static void *waits(void *which)
{
    order_sit((int)(long)which);
    int error = 0;
    switch ((long)which) {
    case 1:
        error = sem_wait(&posted) ? errno : 0;
        break;
    case 2:
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        break;
    default:
        pthread_mutex_lock(&in_handler);
        while (handled < 3)
            pthread_cond_wait(&cond, &in_handler);
        pthread_mutex_unlock(&in_handler);
    }
    return (void *)(long)error;
}

static sem_t other;

static void count(int signal)
{
    (void)signal;
    handled++;
    sem_post(&other);
}

/* A handler runs while its thread waits: a semaphore gives up (without SA_RESTART), others go on.
 */
static void interrupted(void)
{
    struct sigaction action = {.sa_handler = count};
    pthread_t threads[4];
    void *error;
    sigaction(SIGUSR1, &action, NULL);
    sem_init(&posted, 0, 0);
    sem_init(&other, 0, 0);
    pthread_mutex_lock(&mutex);
    for (long i = 1; i < 4; i++) {
        threads[i] = make_thread(waits, (void *)i);
        order_await_blocked((int)i);
        pthread_kill(threads[i], SIGUSR1);
        while (sem_wait(&other))
            ;
    }
    pthread_mutex_unlock(&mutex);
    pthread_mutex_lock(&in_handler);
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&in_handler);
    for (int i = 1; i < 4; i++) {
        pthread_join(threads[i], &error);
        printf("%d: error %ld\n", i, (long)error);
    }
}

static void on_stack(int signal)
{
    (void)signal;
    deep(5);
    handled++;
}

static void alternative(void)
{
    static char stack[65536];
    stack_t there = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};
    MUST(sigaltstack(&there, NULL) == 0);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 100; i++)
        raise(SIGUSR1);
    printf("handled %d\n", (int)handled);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"masks", masks},
                                         {"storms", storms},
                                         {"interrupted", interrupted},
                                         {"alternative", alternative},
                                         {NULL, NULL}},
                     argc, argv);
}
