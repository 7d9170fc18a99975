/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an uncontended pair of lock and unlock costs, eight frames deep (main is the first, pair the
 * last), by two callers of equal frame depth in turn: lock_pair [PAIRS] prints nanoseconds of CPU
 * time a pair (the loop and the calls around it included).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static volatile long garlic;

/* Frames that the compiler may neither merge nor turn into jumps. */
#define DEPTH(name, inner)                                                                         \
    __attribute__((noinline)) static void name(long pairs)                                         \
    {                                                                                              \
        inner(pairs);                                                                              \
        __asm__ volatile("");                                                                      \
    }

__attribute__((noinline)) static void pair(void)
{
    pthread_mutex_lock(&pencil);
    garlic = garlic + 1;
    pthread_mutex_unlock(&pencil);
    __asm__ volatile("");
}

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

DEPTH(four, both)
DEPTH(three, four)
DEPTH(two, three)
DEPTH(one, two)

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    long pairs = argc > 1 ? atol(argv[1]) : 2000000;
    one(1000);
    double start = seconds();
    one(pairs);
    printf("%.2f\n", (seconds() - start) * 1e9 / (double)pairs);
    return garlic < pairs;
}
