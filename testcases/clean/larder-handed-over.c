/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kitchen and its cellar, two processes, hand a crate of garlic to and fro that both may write
 * on, each time in another way: semaphores, a condition, a barrier, a pipe, a file's lock, System
 * V's semaphores, a named semaphore, a flag.
 */
/* EXPECT: nothing */
/* SHARES: memory */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMES = 20 };

struct crate {
    pthread_mutex_t lock;
    pthread_cond_t full;
    pthread_barrier_t both;
    sem_t up, down;
    atomic_int flag;
    int is_full, by_file_turn;
    long by_semaphore, by_condition, by_barrier, by_pipe, by_file, by_system, by_name, by_flag;
};

static struct crate *crate;
static int up[2], set;
static char paper[] = "/tmp/larder-XXXXXX";
static sem_t *named;

static void change(int by)
{
    struct sembuf operation = {0, (short)by, 0};
    while (semop(set, &operation, 1))
        ;
}

/* Each looks at the slip of paper until it is his turn, with the file locked. */
static void in_turn(int file, int turn)
{
    for (int done = 0; !done; usleep(100)) {
        flock(file, LOCK_EX);
        if ((done = crate->by_file_turn == turn)) {
            crate->by_file++;
            crate->by_file_turn++;
        }
        flock(file, LOCK_UN);
    }
}

static void cellar(void)
{
    int file = open(paper, O_RDWR);
    for (int i = 0; i < TIMES; i++) {
        crate->by_semaphore++;
        sem_post(&crate->up);
        sem_wait(&crate->down);
    }
    pthread_mutex_lock(&crate->lock);
    crate->by_condition++;
    crate->is_full = 1;
    pthread_cond_signal(&crate->full);
    pthread_mutex_unlock(&crate->lock);
    crate->by_barrier++;
    pthread_barrier_wait(&crate->both);
    crate->by_pipe++;
    if (write(up[1], "", 1) != 1)
        abort();
    in_turn(file, 0);
    crate->by_system++;
    change(1);
    crate->by_name++;
    sem_post(named);
    crate->by_flag++;
    atomic_store(&crate->flag, 1);
    close(file);
}

static long kitchen(void)
{
    char byte;
    int file = open(paper, O_RDWR);
    for (int i = 0; i < TIMES; i++) {
        sem_wait(&crate->up);
        crate->by_semaphore++;
        sem_post(&crate->down);
    }
    pthread_mutex_lock(&crate->lock);
    while (!crate->is_full)
        pthread_cond_wait(&crate->full, &crate->lock);
    pthread_mutex_unlock(&crate->lock);
    crate->by_condition++;
    pthread_barrier_wait(&crate->both);
    crate->by_barrier++;
    if (read(up[0], &byte, 1) != 1)
        abort();
    crate->by_pipe++;
    in_turn(file, 1);
    change(-1);
    crate->by_system++;
    sem_wait(named);
    crate->by_name++;
    while (!atomic_load(&crate->flag))
        usleep(100);
    crate->by_flag++;
    close(file);
    return crate->by_semaphore + crate->by_condition + crate->by_barrier + crate->by_pipe +
           crate->by_file + crate->by_system + crate->by_name + crate->by_flag;
}

static void make(void)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    pthread_barrierattr_t barrier;
    crate = mmap(NULL, sizeof *crate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&crate->lock, &mutex);
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&crate->full, &condition);
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&crate->both, &barrier, 2);
    sem_init(&crate->up, 1, 0);
    sem_init(&crate->down, 1, 0);
    close(mkstemp(paper));
    set = semget(IPC_PRIVATE, 1, 0600);
    named = sem_open(paper + sizeof "/tmp" - 1, O_CREAT | O_EXCL, 0600, 0);
    sem_unlink(paper + sizeof "/tmp" - 1);
    if (pipe(up) || set < 0 || named == SEM_FAILED)
        abort();
}

int main(void)
{
    make();
    pid_t child = fork();
    if (child == 0) {
        cellar();
        _exit(0);
    }
    long sum = kitchen();
    waitpid(child, NULL, 0);
    semctl(set, 0, IPC_RMID);
    unlink(paper);
    printf("%ld times.\n", sum);
    return 0;
}
