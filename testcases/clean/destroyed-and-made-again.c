/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that were destroyed and are used again, rightly: initialised anew, by a call or by their
 * static initialiser, which need not change a single byte; the same memory as another object;
 * copies of structures; a semaphore opened by name, and one that is made in the parent and used in
 * the child.
 */
/* EXPECT: nothing */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;

static void use(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    sem_post(&semaphore);
    sem_wait(&semaphore);
    pthread_barrier_wait(&barrier);
    pthread_spin_lock(&spin);
    pthread_spin_unlock(&spin);
}

static void *user(void *arg)
{
    use();
    return arg;
}

static void make(int by_call)
{
    if (by_call) {
        pthread_mutex_init(&mutex, NULL);
        pthread_cond_init(&condition, NULL);
        pthread_rwlock_init(&rwlock, NULL);
    } else {
        mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        condition = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        rwlock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
    }
    sem_init(&semaphore, 0, 0);
    pthread_barrier_init(&barrier, NULL, 1);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
}

static void destroy(void)
{
    pthread_mutex_destroy(&mutex);
    pthread_cond_destroy(&condition);
    pthread_rwlock_destroy(&rwlock);
    sem_destroy(&semaphore);
    pthread_barrier_destroy(&barrier);
    pthread_spin_destroy(&spin);
}

/* Always the same place on the stack. */
static __attribute__((noinline)) void on_stack(int by_call)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_rwlock_t calendar = PTHREAD_RWLOCK_INITIALIZER;
    if (by_call)
        pthread_mutex_init(&own, NULL);
    pthread_mutex_lock(&own);
    pthread_mutex_unlock(&own);
    pthread_rwlock_wrlock(&calendar);
    pthread_rwlock_unlock(&calendar);
    pthread_mutex_destroy(&own);
    pthread_rwlock_destroy(&calendar);
}

static void in_memory(void)
{
    union {
        sem_t semaphore;
        pthread_rwlock_t rwlock;
        pthread_mutex_t mutex;
    } *memory = malloc(sizeof *memory);
    sem_init(&memory->semaphore, 0, 1);
    sem_wait(&memory->semaphore);
    sem_destroy(&memory->semaphore);
    memory->rwlock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_wrlock(&memory->rwlock);
    pthread_rwlock_unlock(&memory->rwlock);
    pthread_rwlock_destroy(&memory->rwlock);
    memset(memory, 0, sizeof *memory);
    pthread_mutex_lock(&memory->mutex);
    pthread_mutex_unlock(&memory->mutex);
    free(memory);
}

static void by_name(void)
{
    char name[32];
    snprintf(name, sizeof name, "/snarl-clean-%d", (int)getpid());
    sem_t *named = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    if (named == SEM_FAILED)
        return;
    sem_unlink(name);
    sem_wait(named);
    sem_post(named);
    sem_close(named);
}

int main(void)
{
    pthread_t thread;
    for (int round = 0; round < 4; round++) {
        make(round % 2);
        pthread_create(&thread, NULL, user, NULL);
        pthread_join(thread, NULL);
        use();
        destroy();
        on_stack(round % 2);
        in_memory();
        by_name();
    }
    make(1);
    pid_t pid = fork();
    if (pid == 0) {
        use();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    printf("Made and used.\n");
    return 0;
}
