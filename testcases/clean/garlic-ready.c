/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron counts the garlic without a lock, and notes under the pencil's that he is done. Olivia
 * adds hers only if she reads that note. What she reads is why she adds: no other order of the same
 * steps has both add at once, though the pencil's lock alone would allow it.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count;
static int ready;

static void *barron(void *arg)
{
    garlic_count++;
    pthread_mutex_lock(&pencil);
    ready = 1;
    pthread_mutex_unlock(&pencil);
    order_reach(1);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&pencil);
    int is_ready = ready;
    pthread_mutex_unlock(&pencil);
    if (is_ready)
        garlic_count++;
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("We should buy %d garlic.\n", garlic_count);
    return 0;
}
