/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia writes a postcard and puts the stamp on it, Barron waits for the stamp and reads. Text and
 * stamp lie side by side in eight bytes.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static struct {
    _Alignas(8) int words;
    atomic_int stamp;
} card = {.words = 3};

static void *olivia(void *arg)
{
    card.words += *(int *)arg;
    atomic_store_explicit(&card.stamp, 1, memory_order_release);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int more = 4;
    pthread_create(&thread, NULL, olivia, &more);
    while (!atomic_load_explicit(&card.stamp, memory_order_acquire))
        sched_yield();
    printf("There are %d words.\n", card.words);
    pthread_join(thread, NULL);
    return 0;
}
