/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kitchens, each a process of its own, take garlic out of one larder, and count it on a slate
 * there, behind a door that is a lock in the larder itself. What was there before the kitchens
 * opened, and what is left when they have closed, is counted without the lock.
 */
/* EXPECT: nothing */
/* SHARES: memory */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct larder {
    pthread_mutex_t door;
    int garlic;
};

static void kitchen(struct larder *larder)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&larder->door);
        larder->garlic--;
        pthread_mutex_unlock(&larder->door);
    }
}

int main(void)
{
    struct larder *larder =
        mmap(NULL, sizeof *larder, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&larder->door, &shared);
    pthread_mutexattr_destroy(&shared);
    larder->garlic = 200;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            kitchen(larder);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d heads of garlic are left.\n", larder->garlic);
    return 0;
}
