/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an uncontended pair of lock and unlock costs, eight frames deep (main is the first,
 * pair the last), by two callers of equal frame depth in turn:
 *
 *     lock_pair KIND [PAIRS]
 *
 * KIND is mutex, spin, rwlock (for reading), signal (of a condition that nobody waits for), or
 * parallel: two threads on different processors at once, each with a mutex of its own. Prints
 * nanoseconds of CPU time a pair (the loop and the calls around it included): the least of many
 * short stretches, since machines are shared. A stretch of parallel counts where both threads were
 * at it from its begin to its end, or a shared counter would look free.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRETCH = 2000 };

/* What each thread has of its own, on cache lines of its own. */
struct own {
    _Alignas(128) pthread_mutex_t mutex;
    pthread_spinlock_t spin;
    pthread_rwlock_t rwlock;
    pthread_cond_t cond;
    volatile long garlic;
    long stretches; /* done; atomic */
    double best;
};
static struct own owns[2];
static __thread struct own *own;
static void (*pair)(void);
static long stretches;

/* Frames that the compiler may neither merge nor turn into jumps. */
#define DEPTH(name, inner)                                                                         \
    __attribute__((noinline)) static void name(long pairs)                                         \
    {                                                                                              \
        inner(pairs);                                                                              \
        __asm__ volatile("");                                                                      \
    }

#define PAIR(name, begin, end)                                                                     \
    __attribute__((noinline)) static void name(void)                                               \
    {                                                                                              \
        begin;                                                                                     \
        own->garlic = own->garlic + 1;                                                             \
        end;                                                                                       \
        __asm__ volatile("");                                                                      \
    }
PAIR(mutex, pthread_mutex_lock(&own->mutex), pthread_mutex_unlock(&own->mutex))
PAIR(spin, pthread_spin_lock(&own->spin), pthread_spin_unlock(&own->spin))
PAIR(rwlock, pthread_rwlock_rdlock(&own->rwlock), pthread_rwlock_unlock(&own->rwlock))
PAIR(cond, (void)0, pthread_cond_signal(&own->cond))

__attribute__((noinline)) static void barron(void)
{
    pair();
    __asm__ volatile("");
}

__attribute__((noinline)) static void olivia(void)
{
    pair();
    __asm__ volatile("");
}

__attribute__((noinline)) static void both(long pairs)
{
    for (long i = 0; i < pairs; i += 2) {
        barron();
        olivia();
    }
}

DEPTH(two, both)
DEPTH(one, two)

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One stretch alone. */
__attribute__((noinline)) static double stretch(void)
{
    double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    one(STRETCH);
    return seconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

__attribute__((noinline)) static double alone(void)
{
    own = &owns[0];
    double best = 1;
    for (long i = 0; i < stretches; i++) {
        double took = stretch();
        best = took < best ? took : best;
    }
    return best;
}

/* A stretch in the middle of three, while the other thread was in its own three. */
static void *beside(void *mine)
{
    own = mine;
    struct own *other = own == owns ? &owns[1] : &owns[0];
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(own - owns, &set);
    sched_setaffinity(0, sizeof set, &set);
    own->best = 1;
    for (long i = 1; i <= stretches; i++) {
        __atomic_store_n(&own->stretches, i, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&other->stretches, __ATOMIC_SEQ_CST) < i)
            ;
        one(STRETCH / 2);
        bool together = __atomic_load_n(&other->stretches, __ATOMIC_SEQ_CST) == i;
        double start = seconds(CLOCK_MONOTONIC), took = stretch();
        double wall = seconds(CLOCK_MONOTONIC) - start;
        together = together && __atomic_load_n(&other->stretches, __ATOMIC_SEQ_CST) == i;
        one(STRETCH / 2);
        /* Neither has been put off its processor, or the other ran alone meanwhile. */
        if (together && wall < took * 1.1 && took < own->best)
            own->best = took;
    }
    __atomic_store_n(&own->stretches, stretches + 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static double parallel(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, beside, &owns[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return owns[0].best > owns[1].best ? owns[0].best : owns[1].best;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    bool two = !strcmp(kind, "parallel");
    pair = two || !strcmp(kind, "mutex") ? mutex
           : !strcmp(kind, "spin")       ? spin
           : !strcmp(kind, "rwlock")     ? rwlock
           : !strcmp(kind, "signal")     ? cond
                                         : NULL;
    if (!pair)
        return 2;
    stretches = (argc > 2 ? atol(argv[2]) : 2000000) / STRETCH;
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&owns[i].mutex, NULL);
        pthread_spin_init(&owns[i].spin, PTHREAD_PROCESS_PRIVATE);
        pthread_rwlock_init(&owns[i].rwlock, NULL);
        pthread_cond_init(&owns[i].cond, NULL);
    }
    printf("%.2f\n", (two ? parallel() : alone()) * 1e9 / STRETCH);
    return 0;
}
