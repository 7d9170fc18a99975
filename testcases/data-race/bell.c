/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia cooks soup, Barron eats it. That he comes second is luck: no bell tells him that it is
 * done.
 */
/* EXPECT: data-race observed @cooks @eats */
/* FINDING: variable=plates_of_soup */
/* REWRITE: possible */
/* SOURCE: @cooks plates_of_soup */
/* SOURCE: @eats plates_of_soup */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static int plates_of_soup;

static void *chef_olivia(void *arg)
{
    plates_of_soup = 2; /* @cooks */
    order_reach(1);
    return arg;
}

static void *guest_barron(void *arg)
{
    order_await(1);
    printf("Barron: %d plates of soup.\n", plates_of_soup); /* @eats */
    return arg;
}

int main(void)
{
    pthread_t olivia, barron;
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    pthread_create(&barron, NULL, guest_barron, NULL);
    pthread_join(olivia, NULL);
    pthread_join(barron, NULL);
    return 0;
}
