/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia gets the very block of memory that Barron gave back. Nothing that a detector sees orders
 * the two but the allocator itself; yet a plate that was washed up is another plate.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARRONS_SEAT, PLATE = 5000 };

static void *philosopher(void *arg)
{
    int seat = *(int *)arg;
    if (seat == BARRONS_SEAT)
        order_sit(seat);
    else
        order_await_ended(BARRONS_SEAT); /* so that the block is there to be had */
    int *plate = malloc(PLATE * sizeof *plate);
    for (int i = 0; i < PLATE; i++)
        plate[i] = i;
    int sushi = plate[PLATE - 1];
    free(plate);
    *(int *)arg = sushi;
    return NULL;
}

int main(void)
{
    int barrons = BARRONS_SEAT, olivias = BARRONS_SEAT + 1;
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, philosopher, &barrons);
    pthread_create(&olivia, NULL, philosopher, &olivias);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("Sushi eaten: %d\n", barrons + olivias);
    return 0;
}
