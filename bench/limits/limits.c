/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that are large in one way: limits KIND [N].
 *
 *   held      64 threads, each with N locks of its own (100), all held at once, taken in order
 *   threads   N threads one after another (10,000), each takes a lock and is joined
 *   locks     N locks (1,000,000), each initialised, locked, unlocked and destroyed
 *   static    N locks (1,000,000), statically initialised: locked and unlocked once
 *
 * Prints nanoseconds of elapsed time, and how many lock and unlock pairs there were.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOLDERS = 64 };

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *locks;
static pthread_barrier_t all_held;
static long count;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *hold(void *own)
{
    pthread_mutex_t *first = own;
    for (long i = 0; i < count; i++)
        pthread_mutex_lock(&first[i]);
    pthread_barrier_wait(&all_held);
    for (long i = count; i-- > 0;)
        pthread_mutex_unlock(&first[i]);
    return NULL;
}

static long held(void)
{
    pthread_t threads[HOLDERS];
    locks = calloc((size_t)(HOLDERS * count), sizeof *locks);
    pthread_barrier_init(&all_held, NULL, HOLDERS);
    for (int t = 0; t < HOLDERS; t++)
        pthread_create(&threads[t], NULL, hold, locks + t * count);
    for (int t = 0; t < HOLDERS; t++)
        pthread_join(threads[t], NULL);
    return HOLDERS * count;
}

static void *take(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&shared);
    pthread_mutex_unlock(&shared);
    return NULL;
}

static long one_after_another(void)
{
    for (long i = 0; i < count; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, take, NULL);
        pthread_join(thread, NULL);
    }
    return count;
}

static long many(int initialise)
{
    locks = calloc((size_t)count, sizeof *locks);
    for (long i = 0; i < count; i++) {
        if (initialise)
            pthread_mutex_init(&locks[i], NULL);
        pthread_mutex_lock(&locks[i]);
        pthread_mutex_unlock(&locks[i]);
    }
    for (long i = 0; initialise && i < count; i++)
        pthread_mutex_destroy(&locks[i]);
    return count;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    count = argc > 2                   ? atol(argv[2])
            : !strcmp(kind, "held")    ? 100
            : !strcmp(kind, "threads") ? 10000
                                       : 1000000;
    double start = seconds();
    long pairs = !strcmp(kind, "held")      ? held()
                 : !strcmp(kind, "threads") ? one_after_another()
                 : !strcmp(kind, "locks")   ? many(1)
                 : !strcmp(kind, "static")  ? many(0)
                                            : -1;
    if (pairs < 0)
        return 2;
    printf("%.0f %ld\n", (seconds() - start) * 1e9, pairs);
    return 0;
}
