/* SPDX-License-Identifier: Apache-2.0 */
/* Every result and every errno, of calls that succeed and of calls that are refused. */
#define _GNU_SOURCE
#include "say.h"

#include <limits.h>

static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock;
static pthread_spinlock_t spin;
static sem_t sem;

static const struct kind {
    const char *name;
    int type, robust, protocol, shared;
} kinds[] = {
    {"normal", PTHREAD_MUTEX_NORMAL, 0, 0, 0},
    {"recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 0},
    {"error-check", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0},
    {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0, 0},
    {"robust", PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, 0, 0},
    {"robust error-check", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST, 0, 0},
    {"robust recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, 0, 0},
    {"inherit", PTHREAD_MUTEX_NORMAL, 0, PTHREAD_PRIO_INHERIT, 0},
    {"inherit error-check", PTHREAD_MUTEX_ERRORCHECK, 0, PTHREAD_PRIO_INHERIT, 0},
    {"shared", PTHREAD_MUTEX_NORMAL, 0, 0, PTHREAD_PROCESS_SHARED},
};

static void make_mutex(const struct kind *kind)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, kind->type);
    pthread_mutexattr_setrobust(&attributes, kind->robust);
    pthread_mutexattr_setprotocol(&attributes, kind->protocol);
    pthread_mutexattr_setpshared(&attributes, kind->shared);
    SAY(pthread_mutex_init(&mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
}

static void *other_thread(void *data)
{
    const struct kind *kind = data;
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_mutex_timedlock(&mutex, &long_ago));
    SAY(pthread_mutex_timedlock(&mutex, &no_time));
    SAY(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &long_ago));
    SAY(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &before_time));
    SAY(pthread_mutex_clocklock(&mutex, CLOCK_THREAD_CPUTIME_ID, &long_ago));
    if (kind->robust || kind->type == PTHREAD_MUTEX_ERRORCHECK)
        SAY(pthread_mutex_unlock(&mutex));
    if (kind->type == PTHREAD_MUTEX_RECURSIVE)
        SAY(pthread_mutex_unlock(&mutex));
    return NULL;
}

static void mutex_kind(const struct kind *kind)
{
    bool checks = kind->robust || kind->type == PTHREAD_MUTEX_ERRORCHECK ||
                  kind->type == PTHREAD_MUTEX_RECURSIVE;
    printf("-- %s\n", kind->name);
    make_mutex(kind);
    if (checks)
        SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_mutex_timedlock(&mutex, &no_time));
    SAY(pthread_mutex_trylock(&mutex));
    if (kind->type == PTHREAD_MUTEX_RECURSIVE)
        SAY(pthread_mutex_unlock(&mutex));
    if (kind->type == PTHREAD_MUTEX_RECURSIVE || kind->type == PTHREAD_MUTEX_ERRORCHECK) {
        SAY(pthread_mutex_lock(&mutex));
        SAY(pthread_mutex_timedlock(&mutex, &long_ago));
        if (kind->type == PTHREAD_MUTEX_RECURSIVE) {
            SAY(pthread_mutex_unlock(&mutex));
            SAY(pthread_mutex_unlock(&mutex));
        }
    }
    elsewhere(other_thread, (void *)kind);
    if (!kind->protocol)
        SAY(pthread_mutex_destroy(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &before_time));
    SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_mutex_clocklock(&mutex, CLOCK_THREAD_CPUTIME_ID, &before_time));
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_mutex_destroy(&mutex));
}

static void mutexes(void)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        mutex_kind(&kinds[i]);
}

static void *die_with_it(void *unused)
{
    SAY(pthread_mutex_lock(&mutex));
    return unused;
}

static void *not_recoverable(void *unused)
{
    SAY(pthread_mutex_lock(&mutex));
    return unused;
}

static void robust(void)
{
    for (int type = 0; type < 3; type++) {
        make_mutex(&(struct kind){"", type, PTHREAD_MUTEX_ROBUST, 0, 0});
        elsewhere(die_with_it, NULL);
        SAY(pthread_mutex_trylock(&mutex));
        SAY(pthread_mutex_consistent(&mutex));
        SAY(pthread_mutex_unlock(&mutex));
        elsewhere(die_with_it, NULL);
        SAY(pthread_mutex_timedlock(&mutex, &no_time));
        SAY(pthread_mutex_consistent(&mutex));
        SAY(pthread_mutex_unlock(&mutex));
        elsewhere(die_with_it, NULL);
        SAY(pthread_mutex_lock(&mutex));
        SAY(pthread_mutex_unlock(&mutex));
        SAY(pthread_mutex_lock(&mutex));
        elsewhere(not_recoverable, NULL);
        SAY(pthread_mutex_timedlock(&mutex, &long_ago));
        SAY(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &long_ago));
        SAY(pthread_mutex_trylock(&mutex));
        SAY(pthread_mutex_destroy(&mutex));
    }
}

static void *other_reader(void *unused)
{
    SAY(pthread_rwlock_tryrdlock(&rwlock));
    SAY(pthread_rwlock_trywrlock(&rwlock));
    SAY(pthread_rwlock_timedrdlock(&rwlock, &long_ago));
    SAY(pthread_rwlock_timedrdlock(&rwlock, &no_time));
    SAY(pthread_rwlock_timedwrlock(&rwlock, &long_ago));
    SAY(pthread_rwlock_timedwrlock(&rwlock, &before_time));
    SAY(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &long_ago));
    SAY(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &no_time));
    SAY(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &long_ago));
    SAY(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC_RAW, &long_ago));
    return unused;
}

static void rwlocks(void)
{
    static const int preferences[] = {PTHREAD_RWLOCK_PREFER_READER_NP,
                                      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP};
    for (unsigned i = 0; i < 2; i++) {
        pthread_rwlockattr_t attributes;
        pthread_rwlockattr_init(&attributes);
        pthread_rwlockattr_setkind_np(&attributes, preferences[i]);
        SAY(pthread_rwlock_init(&rwlock, &attributes));
        SAY(pthread_rwlock_timedrdlock(&rwlock, &no_time));
        SAY(pthread_rwlock_timedwrlock(&rwlock, &no_time));
        SAY(pthread_rwlock_clockrdlock(&rwlock, CLOCK_REALTIME, &before_time));
        SAY(pthread_rwlock_clockwrlock(&rwlock, CLOCK_THREAD_CPUTIME_ID, &long_ago));
        SAY(pthread_rwlock_wrlock(&rwlock));
        SAY(pthread_rwlock_wrlock(&rwlock));
        SAY(pthread_rwlock_rdlock(&rwlock));
        SAY(pthread_rwlock_timedrdlock(&rwlock, &long_ago));
        elsewhere(other_reader, NULL);
        SAY(pthread_rwlock_unlock(&rwlock));
        SAY(pthread_rwlock_rdlock(&rwlock));
        SAY(pthread_rwlock_rdlock(&rwlock));
        SAY(pthread_rwlock_trywrlock(&rwlock));
        SAY(pthread_rwlock_timedwrlock(&rwlock, &long_ago));
        SAY(pthread_rwlock_unlock(&rwlock));
        SAY(pthread_rwlock_unlock(&rwlock));
        SAY(pthread_rwlock_timedwrlock(&rwlock, &long_ago));
        SAY(pthread_rwlock_unlock(&rwlock));
        SAY(pthread_rwlock_destroy(&rwlock));
    }
}

static void spins(void)
{
    SAY(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
    SAY(pthread_spin_lock(&spin));
    SAY(pthread_spin_trylock(&spin));
    SAY(pthread_spin_unlock(&spin));
    SAY(pthread_spin_trylock(&spin));
    SAY(pthread_spin_unlock(&spin));
    SAY(pthread_spin_destroy(&spin));
}

static void semaphores(void)
{
    int value = -1;
    SAY(sem_init(&sem, 0, (unsigned)SEM_VALUE_MAX + 1));
    SAY(sem_init(&sem, 0, 1));
    SAY(sem_timedwait(&sem, &no_time));
    SAY(sem_clockwait(&sem, CLOCK_MONOTONIC, &before_time));
    SAY(sem_clockwait(&sem, CLOCK_THREAD_CPUTIME_ID, &long_ago));
    SAY(sem_timedwait(&sem, &long_ago));
    SAY(sem_trywait(&sem));
    SAY(sem_timedwait(&sem, &long_ago));
    SAY(sem_timedwait(&sem, &no_time));
    SAY(sem_clockwait(&sem, CLOCK_MONOTONIC, &long_ago));
    SAY(sem_clockwait(&sem, CLOCK_MONOTONIC, &no_time));
    SAY(sem_post(&sem));
    SAY(sem_wait(&sem));
    SAY(sem_getvalue(&sem, &value));
    printf("value %d\n", value);
    SAY(sem_destroy(&sem));
    SAY(sem_init(&sem, 1, SEM_VALUE_MAX));
    SAY(sem_post(&sem));
    SAY(sem_wait(&sem));
    SAY(sem_destroy(&sem));
}

static void conditions(void)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER, monotonic;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    SAY(pthread_cond_init(&monotonic, &attributes));
    make_mutex(&kinds[2]);
    SAY(pthread_cond_signal(&cond));
    SAY(pthread_cond_broadcast(&cond));
    /* Not locked: an error-checking mutex refuses to be given back. */
    SAY(pthread_cond_wait(&cond, &mutex));
    SAY(pthread_cond_timedwait(&cond, &mutex, &long_ago));
    SAY(pthread_mutex_trylock(&mutex));
    SAY(pthread_cond_timedwait(&cond, &mutex, &long_ago));
    SAY(pthread_cond_timedwait(&cond, &mutex, &no_time));
    SAY(pthread_cond_timedwait(&monotonic, &mutex, &long_ago));
    SAY(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &long_ago));
    SAY(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &before_time));
    SAY(pthread_cond_clockwait(&cond, &mutex, CLOCK_THREAD_CPUTIME_ID, &long_ago));
    SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_mutex_unlock(&mutex));
    SAY(pthread_cond_destroy(&cond));
    SAY(pthread_cond_destroy(&monotonic));
    SAY(pthread_mutex_destroy(&mutex));
}

static void barriers(void)
{
    pthread_barrier_t barrier;
    SAY(pthread_barrier_init(&barrier, NULL, 0));
    SAY(pthread_barrier_init(&barrier, NULL, 1));
    SAY(pthread_barrier_wait(&barrier));
    SAY(pthread_barrier_wait(&barrier));
    SAY(pthread_barrier_destroy(&barrier));
}

static void *join_it(void *data)
{
    return (void *)(long)pthread_join(*(pthread_t *)data, NULL);
}

static void *wait_for_token(void *data)
{
    sem_wait(data);
    return (void *)42;
}

static void joins(void)
{
    pthread_t self = pthread_self();
    void *result = NULL;
    SAY(pthread_join(self, NULL));
    SAY(pthread_timedjoin_np(self, NULL, &long_ago));
    /* Two that join each other: the C library refuses the second. */
    pthread_t joiner = make_thread(join_it, &self);
    SAY(sem_init(&sem, 0, 0));
    pthread_t waiter = make_thread(wait_for_token, &sem);
    SAY(pthread_tryjoin_np(waiter, &result));
    SAY(pthread_timedjoin_np(waiter, &result, &long_ago));
    SAY(pthread_clockjoin_np(waiter, &result, CLOCK_MONOTONIC, &long_ago));
    SAY(sem_post(&sem));
    const struct timespec far = {.tv_sec = 1000000000};
    SAY(pthread_clockjoin_np(waiter, &result, CLOCK_MONOTONIC, &far));
    printf("result %ld\n", (long)result);
    SAY(pthread_detach(joiner));
    SAY(pthread_detach(joiner));
    SAY(pthread_join(joiner, NULL));
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"mutexes", mutexes},
                                         {"robust", robust},
                                         {"rwlocks", rwlocks},
                                         {"spins", spins},
                                         {"semaphores", semaphores},
                                         {"conditions", conditions},
                                         {"barriers", barriers},
                                         {"joins", joins},
                                         {NULL, NULL}},
                     argc, argv);
}
