/* SPDX-License-Identifier: Apache-2.0 */
/* A process that forks in the middle of atomics. The child's own numbers must be without gaps: a
 * stripe that another thread of the parent held at that moment must not stay taken. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOCATIONS = 512, ROUNDS = 20 };

static atomic_int locations[LOCATIONS], stop;
static int written_by_child;

static void *hammer(void *argument)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed))
        for (int i = 0; i < LOCATIONS; i++)
            atomic_fetch_add(&locations[i], 1);
    return argument;
}

__attribute__((noinline)) static int child(void)
{
    written_by_child = 1;
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < LOCATIONS; i++)
            atomic_fetch_add(&locations[i], 1);
    return 7;
}

int main(void)
{
    pthread_t thread;
    int status = 0;
    pthread_create(&thread, NULL, hammer, NULL);
    usleep(2000);
    pid_t pid = fork();
    if (pid == 0)
        exit(child());
    waitpid(pid, &status, 0);
    atomic_store(&stop, 1);
    pthread_join(thread, NULL);
    printf("%d %p %zu %p\n", WEXITSTATUS(status), (void *)locations, sizeof locations,
           (void *)&written_by_child);
    return 0;
}
