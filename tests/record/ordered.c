/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that modify one location. What each of them saw is printed; the numbers in the trace must
 * tell the same order. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 3000 };

static atomic_uint counter;
static atomic_int gate;
static unsigned seen[THREADS][ROUNDS];

static void *count(void *argument)
{
    unsigned *mine = argument;
    while (!atomic_load_explicit(&gate, memory_order_acquire))
        ;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 3 == 0) {
            unsigned old = atomic_load_explicit(&counter, memory_order_relaxed);
            while (!atomic_compare_exchange_weak_explicit(
                &counter, &old, old + 1, memory_order_acq_rel, memory_order_acquire))
                ;
            mine[i] = old;
        } else {
            mine[i] = atomic_fetch_add_explicit(
                &counter, 1, i % 3 == 1 ? memory_order_relaxed : memory_order_seq_cst);
        }
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, seen[i]);
    atomic_store_explicit(&gate, 1, memory_order_release);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%p\n", (void *)&counter);
    for (int i = 0; i < THREADS; i++) {
        for (int k = 0; k < ROUNDS; k++)
            printf("%u ", seen[i][k]);
        printf("\n");
    }
    return 0;
}
