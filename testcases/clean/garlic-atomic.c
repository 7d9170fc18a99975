/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The garlic count as an atomic variable: adding one is one step that nobody can come between, so
 * no lock is needed.
 */
/* EXPECT: nothing */
/* ARGS: 100000 */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic unsigned garlic_count;

static void *shopper(void *arg)
{
    long increments = *(long *)arg;
    order_meet(0, 2);
    for (long i = 0; i < increments; i++)
        garlic_count++;
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
