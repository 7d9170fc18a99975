/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron asks Olivia to thaw the sausage, starts her thread, cuts the vegetables, and joins her
 * before the sausage goes into the soup. Steve, who only tidies up, is detached.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { STEVES_SEAT = 0 };

static int sausages;

static void *chef_olivia(void *arg)
{
    sausages = 2;
    return arg;
}

static void *steve(void *arg)
{
    order_sit(STEVES_SEAT);
    return arg;
}

int main(void)
{
    pthread_t olivia, tidier;
    pthread_create(&tidier, NULL, steve, NULL);
    pthread_detach(tidier);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    printf("Barron: cutting vegetables.\n");
    pthread_join(olivia, NULL);
    printf("Barron: the soup is done, with %d sausages.\n", sausages);
    order_await_ended(STEVES_SEAT);
    return 0;
}
