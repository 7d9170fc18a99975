/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kitchens, which are two processes, share a counter: a mutex, a condition, a semaphore and a
 * barrier in memory that both see. They take turns. While one holds the mutex and waits for the
 * other's bell, the other waits for the mutex: no process sees who holds what in the other.
 */
/* EXPECT: nothing */
/* SHARES: memory */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20 };

struct counter {
    pthread_mutex_t mutex, robust;
    pthread_cond_t bell;
    sem_t plates;
    pthread_barrier_t meal;
    int turn, dishes;
};

static struct counter *counter;

static void set_up(void)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t cond;
    pthread_barrierattr_t barrier;
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&counter->mutex, &mutex);
    pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&counter->robust, &mutex);
    pthread_condattr_init(&cond);
    pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&counter->bell, &cond);
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&counter->meal, &barrier, 2);
    sem_init(&counter->plates, 1, 0);
}

static void cook(int self)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&counter->mutex);
        while (counter->turn != self)
            pthread_cond_wait(&counter->bell, &counter->mutex);
        counter->dishes++;
        counter->turn = !self;
        pthread_cond_signal(&counter->bell);
        pthread_mutex_unlock(&counter->mutex);
        if (self)
            sem_post(&counter->plates);
        else
            while (sem_wait(&counter->plates) && errno == EINTR)
                ;
        pthread_barrier_wait(&counter->meal);
    }
}

/* The child holds what the parent waits for, and the parent holds what the child has had. */
static void take_turns(int self)
{
    if (self) {
        pthread_mutex_lock(&counter->mutex);
        pthread_barrier_wait(&counter->meal);
        sem_wait(&counter->plates);
        pthread_mutex_unlock(&counter->mutex);
        pthread_mutex_lock(&counter->robust);
        _exit(0); /* dies with it */
    }
    pthread_barrier_wait(&counter->meal);
    sem_post(&counter->plates);
    pthread_mutex_lock(&counter->mutex);
    pthread_mutex_unlock(&counter->mutex);
}

int main(void)
{
    counter =
        mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counter == MAP_FAILED)
        return 1;
    set_up();
    pid_t child = fork();
    cook(child == 0);
    take_turns(child == 0);
    waitpid(child, NULL, 0);
    int error = pthread_mutex_lock(&counter->robust);
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(&counter->robust);
    pthread_mutex_unlock(&counter->robust);
    printf("Dishes: %d, the other died holding: %d\n", counter->dishes, error == EOWNERDEAD);
    return 0;
}
