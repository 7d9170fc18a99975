/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia writes the recipe with plain stores, then publishes it by a release store; Barron sees it
 * by an acquire load and reads it without any lock.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
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
    atomic_store_explicit(&published, true, memory_order_release);
    return arg;
}

int main(void)
{
    pthread_t thread;
    int sum = 0;
    pthread_create(&thread, NULL, olivia, NULL);
    while (!atomic_load_explicit(&published, memory_order_acquire))
        sched_yield();
    for (int i = 0; i < 8; i++)
        sum += recipe[i];
    printf("The recipe adds up to %d.\n", sum);
    pthread_join(thread, NULL);
    return 0;
}
