/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two shoppers, one garlic count, no lock. Adding one is a read, an addition and a write; when both
 * read the same count, one garlic is lost, and the total comes out too small.
 */
/* EXPECT: data-race observed @add */
/* FINDING: variable=garlic_count */
/* ARGS: 1000000 */
/* OUTPUT: digits vary */
/* SOURCE: @add garlic_count */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned garlic_count;

static void *shopper(void *arg)
{
    long increments = *(long *)arg;
    order_meet(0, 2); /* so that both are in the shop */
    for (long i = 0; i < increments; i++) {
        garlic_count++; /* @add */
        order_tick();
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
