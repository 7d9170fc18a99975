/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kitchen is torn down, its memory freed, while Barron holds the knife in it and Olivia waits
 * for it.
 */
/* EXPECT: lock-destroyed-held observed @frees @takes @waits */
/* FINDING: threads=3 sites=3 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @takes kitchen->knife kitchen::knife */
/* SOURCE: @waits kitchen->knife kitchen::knife */
/* SOURCE: @frees kitchen */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { OLIVIAS_SEAT = 0 };

struct kitchen {
    int rooms[64];
    pthread_mutex_t knife;
};

static void *barron(void *arg)
{
    struct kitchen *kitchen = arg;
    pthread_mutex_lock(&kitchen->knife); /* @takes */
    order_reach(1);
    order_await(2);
    return NULL;
}

static void *olivia(void *arg)
{
    struct kitchen *kitchen = arg;
    order_sit(OLIVIAS_SEAT);
    order_await(1);
    pthread_mutex_lock(&kitchen->knife); /* @waits */
    pthread_mutex_unlock(&kitchen->knife);
    return NULL;
}

int main(void)
{
    pthread_t first, second;
    struct kitchen *kitchen = calloc(1, sizeof *kitchen);
    pthread_mutex_init(&kitchen->knife, NULL);
    pthread_create(&first, NULL, barron, kitchen);
    pthread_create(&second, NULL, olivia, kitchen);
    order_await(1);
    order_await_blocked(OLIVIAS_SEAT);
    free(kitchen); /* @frees */
    order_reach(2);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("The kitchen is gone.\n");
    return 0;
}
