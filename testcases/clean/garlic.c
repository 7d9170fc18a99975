/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The garlic count behind a pencil: only who holds the pencil writes on the list, so no garlic is
 * lost.
 */
/* EXPECT: nothing */
/* ARGS: 20000 */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static unsigned garlic_count;

static void *shopper(void *arg)
{
    long increments = *(long *)arg;
    order_meet(0, 2);
    for (long i = 0; i < increments; i++) {
        pthread_mutex_lock(&pencil);
        garlic_count++;
        pthread_mutex_unlock(&pencil);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    long increments = argc > 1 ? atol(argv[1]) : 10000000;
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shopper, &increments);
    pthread_create(&olivia, NULL, shopper, &increments);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("We should buy %u garlic.\n", garlic_count);
    return 0;
}
