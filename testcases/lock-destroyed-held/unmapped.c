/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a lock is unmapped while Barron holds it.
 */
/* EXPECT: lock-destroyed-held observed @unmaps @takes */
/* FINDING: threads=2 sites=2 */
/* SOURCE: @takes arg */
/* SOURCE: @unmaps lock */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

static void *barron(void *arg)
{
    pthread_mutex_lock(arg); /* @takes */
    order_reach(1);
    order_await(2);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_mutex_t *lock =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(lock, NULL);
    pthread_create(&thread, NULL, barron, lock);
    order_await(1);
    munmap(lock, 4096); /* @unmaps */
    order_reach(2);
    pthread_join(thread, NULL);
    printf("Unmapped.\n");
    return 0;
}
