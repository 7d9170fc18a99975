/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cooks chop vegetables as long as the atomic `chopping` is set, and main clears it.
 */
/* EXPECT: nothing */
/* OUTPUT: digits vary */
#include "order.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static atomic_bool chopping = true;

static void *vegetable_chopper(void *arg)
{
    unsigned vegetables = 0;
    while (chopping) {
        if (vegetables++ == 0)
            order_meet(0, 3);
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
    chopping = false;
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("Barron chopped %u vegetables, Olivia %u.\n", barrons, olivias);
    return 0;
}
