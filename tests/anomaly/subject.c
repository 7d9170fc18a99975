/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose acquisitions are known in number: three threads, a child process, chunks and
 * stacks enough that the recorder has to ask for more of everything.
 *
 *     subject      prints "ACQUISITIONS garlic" and ends with 3
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOCKS = 600, ROUNDS = 3000, DEPTH = 6, THREADS = 3, IN_CHILD = 50 };

static pthread_mutex_t locks[LOCKS];
static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static long counts[THREADS];

__attribute__((noinline)) static void count(long *total, int round, int depth)
{
    if (depth) {
        count(total, round, depth - 1);
        __asm__ volatile(""); /* no tail call */
        return;
    }
    pthread_mutex_lock(&locks[round * 7 % LOCKS]);
    ++*total;
    pthread_mutex_unlock(&locks[round * 7 % LOCKS]);
    pthread_rwlock_rdlock(&door);
    ++*total;
    pthread_rwlock_unlock(&door);
}

static void *shopper(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        count(arg, i, i % DEPTH);
    return arg;
}

static int child(void)
{
    long total = 0;
    for (int i = 0; i < IN_CHILD; i++)
        count(&total, i, 0);
    return total == 2 * IN_CHILD ? 0 : 1;
}

int main(void)
{
    pthread_t threads[THREADS];
    long total = 0;
    int status = 0;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, shopper, &counts[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        total += counts[i];
    }
    pid_t pid = fork();
    if (pid == 0)
        exit(child());
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        return 1;
    total += 2 * IN_CHILD;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&locks[i]);
    printf("%ld garlic\n", total);
    return 3;
}
