/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes locks until something kills it, and keeps count where a kill cannot undo it:
 *
 *     subject FILE PROCESSES END MICROSECONDS
 *
 * FILE is mapped shared; each process has a struct process in it. Each of its threads takes the
 * locks in one order, 0 7 14 ... of LOCKS, and counts right behind each acquisition: so at most one
 * more than counted is in the trace. END is what happens to each process that long after all of its
 * threads are at work: killed (by others: nothing), fault, abort, exit, each by a thread of its
 * own; fault-in-handler, abort-in-handler, exit-in-handler, by a signal that comes wherever it
 * likes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LOCKS = 97, STEP = 7, THREADS = 3, PROCESSES = 4, STATUS = 7 };

struct process { /* the driver reads it: kills.py */
    uint64_t pid, locks, lock_size;
    uint64_t count[THREADS];
    uint64_t at_work;
};

static struct process *self;
static const char *end_by;
static long microseconds;
static int *volatile nowhere;
static long plain; /* what the locks guard */

static struct lock {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
} locks[LOCKS];

static void end(void)
{
    if (end_by[0] == 'f')
        *nowhere = 1;
    if (end_by[0] == 'a')
        abort();
    _exit(STATUS);
}

static void handler(int number)
{
    (void)number;
    end();
}

/* Each lock is of one of four kinds, by its place. */
static void take(struct lock *lock, unsigned kind)
{
    if (kind == 0)
        pthread_mutex_lock(&lock->mutex);
    else if (kind == 1)
        pthread_rwlock_rdlock(&lock->rwlock);
    else if (kind == 2)
        pthread_rwlock_wrlock(&lock->rwlock);
    else
        pthread_spin_lock(&lock->spin);
}

static void give(struct lock *lock, unsigned kind)
{
    if (kind == 0)
        pthread_mutex_unlock(&lock->mutex);
    else if (kind == 3)
        pthread_spin_unlock(&lock->spin);
    else
        pthread_rwlock_unlock(&lock->rwlock);
}

static long now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void *work(void *arg)
{
    uint64_t *count = arg;
    bool ends = count == &self->count[0] && end_by[0] != 'k' && !strchr(end_by, '-');
    long when = 0;
    __atomic_fetch_add(&self->at_work, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; self; i = (i + STEP) % LOCKS) {
        take(&locks[i], i % 4);
        __atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
        if (i == 0)
            plain++;
        if (ends && !when && __atomic_load_n(&self->at_work, __ATOMIC_SEQ_CST) == THREADS)
            when = now() + microseconds;
        if (when && now() >= when)
            end();
        give(&locks[i], i % 4);
    }
    return NULL;
}

static void set_timer(void)
{
    struct sigaction action = {.sa_handler = handler};
    struct itimerval timer = {.it_value.tv_usec = microseconds + 1};
    sigset_t set;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* it comes to one of those at work */
    while (__atomic_load_n(&self->at_work, __ATOMIC_SEQ_CST) < THREADS)
        usleep(50);
    setitimer(ITIMER_REAL, &timer, NULL);
}

int main(int argc, char **argv)
{
    int fd = argc == 5 ? open(argv[1], O_RDWR) : -1;
    if (fd < 0)
        return 99;
    self = mmap(NULL, PROCESSES * sizeof *self, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (self == MAP_FAILED)
        return 99;
    close(fd);
    end_by = argv[3];
    microseconds = atol(argv[4]);
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_init(&locks[i].mutex, NULL);
        pthread_rwlock_init(&locks[i].rwlock, NULL);
        pthread_spin_init(&locks[i].spin, 0);
    }
    for (int n = atoi(argv[2]); n > 1 && fork() == 0; n--)
        self++;
    self->pid = (uint64_t)getpid();
    self->locks = (uint64_t)locks;
    self->lock_size = sizeof *locks;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, &self->count[i]);
    if (strchr(end_by, '-'))
        set_timer();
    for (;;)
        pause();
}
