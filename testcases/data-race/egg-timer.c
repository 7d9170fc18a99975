/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer looks at the egg when its time is up. The kitchen closes, and takes the egg away without
 * waiting for the timer.
 */
/* EXPECT: data-race observed @looks @takes */
/* SOURCE: @looks egg->minutes egg::minutes */
/* SOURCE: @takes egg */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct egg {
    long minutes;
};

static void *timer(void *arg)
{
    struct egg *egg = arg;
    order_reach(1);
    order_await(2);
    volatile long minutes = egg->minutes; /* @looks */
    order_reach(3);
    (void)minutes;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct egg *egg = malloc(sizeof *egg);
    egg->minutes = 5;
    pthread_create(&thread, NULL, timer, egg);
    order_await(1);
    order_reach(2);
    order_await(3);
    free(egg); /* @takes */
    pthread_join(thread, NULL);
    printf("No egg today.\n");
    return 0;
}
