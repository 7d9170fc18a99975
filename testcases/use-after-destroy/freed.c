/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron takes the knife of a kitchen whose memory has been freed.
 */
/* EXPECT: use-after-destroy observed @takes @frees */
/* FINDING: threads=2 */
/* NEEDS: accesses */
/* SOURCE: @takes kitchen->knife kitchen::knife */
/* SOURCE: @frees kitchen */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct kitchen {
    int rooms[64];
    pthread_mutex_t knife;
};

static void *barron(void *arg)
{
    struct kitchen *kitchen = arg;
    order_await(1);
    pthread_mutex_lock(&kitchen->knife); /* @takes */
    pthread_mutex_unlock(&kitchen->knife);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct kitchen *kitchen = calloc(1, sizeof *kitchen);
    pthread_mutex_init(&kitchen->knife, NULL);
    pthread_create(&thread, NULL, barron, kitchen);
    pthread_mutex_lock(&kitchen->knife);
    pthread_mutex_unlock(&kitchen->knife);
    free(kitchen); /* @frees */
    order_reach(1);
    pthread_join(thread, NULL);
    printf("The kitchen is gone.\n");
    return 0;
}
