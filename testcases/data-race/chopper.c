/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cooks chop vegetables as long as `chopping` is set, and main clears it. It is a plain
 * variable: the compiler may read it once and for all, the processor may show the change whenever
 * it likes; that both cooks stop is luck.
 */
/* EXPECT: data-race observed @chopping @stop */
/* REWRITE: possible */
/* FINDING: variable=chopping */
/* OUTPUT: digits vary */
/* SOURCE: @chopping chopping */
/* SOURCE: @stop chopping */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static bool chopping = true;

static void *vegetable_chopper(void *arg)
{
    unsigned vegetables = 0;
    while (chopping) { /* @chopping */
        if (vegetables++ == 0)
            order_meet(0, 3);
        order_tick();
    }
    *(unsigned *)arg = vegetables;
    return NULL;
}

int main(void)
{
    pthread_t barron, olivia;
    unsigned barrons, olivias;
    pthread_create(&barron, NULL, vegetable_chopper, &barrons);
    pthread_create(&olivia, NULL, vegetable_chopper, &olivias);
    order_meet(0, 3); /* both are at work */
    chopping = false; /* @stop */
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("Barron chopped %u vegetables, Olivia %u.\n", barrons, olivias);
    return 0;
}
