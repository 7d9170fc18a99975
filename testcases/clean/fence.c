/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipe again, published by a relaxed store behind a release fence, and seen by a relaxed load
 * before an acquire fence. That orders as well as a release store does, which ThreadSanitizer does
 * not know.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
/* TSAN: knows no fences */
/* FLAGS: gcc -Wno-tsan */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static int recipe[8];
static atomic_bool published;

static void *olivia(void *arg)
{
    for (int i = 0; i < 8; i++)
        recipe[i] = i * i;
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&published, true, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t thread;
    int sum = 0;
    pthread_create(&thread, NULL, olivia, NULL);
    while (!atomic_load_explicit(&published, memory_order_relaxed))
        sched_yield();
    atomic_thread_fence(memory_order_acquire);
    for (int i = 0; i < 8; i++)
        sum += recipe[i];
    printf("The recipe adds up to %d.\n", sum);
    pthread_join(thread, NULL);
    return 0;
}
