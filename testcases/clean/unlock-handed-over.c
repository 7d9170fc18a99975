/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that looks like an unlock by somebody else and is none: a child gives back what was
 * locked before the fork; a robust pencil is given back by who took it over from the dead; a mutex
 * taken by trylock, by a timed lock and in a wait is given back by unlock; a process-shared mutex.
 */
/* EXPECT: nothing */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER, robust, recursive;
static pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t knife;

static void make(pthread_mutex_t *mutex, int type, int robustness)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robustness);
    pthread_mutex_init(mutex, &attributes);
}

static void *barron(void *arg)
{
    pthread_mutex_lock(&robust);
    return arg;
}

/* The C library refuses the child's unlock of what knows its holder: fork is at fault, not it. */
static void child(void)
{
    pthread_mutex_unlock(&pencil);
    pthread_mutex_unlock(&recursive);
    pthread_rwlock_unlock(&calendar);
    pthread_spin_unlock(&knife);
    _exit(0);
}

int main(void)
{
    pthread_t thread;
    struct timespec until = {1, 0};
    make(&robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    make(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    pthread_spin_init(&knife, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&thread, NULL, barron, NULL);
    pthread_join(thread, NULL);
    if (pthread_mutex_lock(&robust) == EOWNERDEAD)
        pthread_mutex_consistent(&robust);
    pthread_mutex_unlock(&robust);
    pthread_mutex_trylock(&pencil);
    pthread_mutex_unlock(&pencil);
    pthread_mutex_timedlock(&pencil, &until);
    pthread_mutex_lock(&recursive);
    pthread_rwlock_rdlock(&calendar);
    pthread_spin_lock(&knife);
    pid_t pid = fork();
    if (pid == 0)
        child();
    waitpid(pid, NULL, 0);
    pthread_mutex_unlock(&pencil);
    pthread_mutex_unlock(&recursive);
    pthread_rwlock_unlock(&calendar);
    pthread_spin_unlock(&knife);
    printf("All is given back.\n");
    return 0;
}
