/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hatch, a semaphore, is destroyed; Barron then puts a plate there.
 */
/* EXPECT: use-after-destroy observed @posts @destroys */
/* FINDING: locks=hatch threads=2 */
/* SOURCE: @posts hatch */
/* SOURCE: @destroys hatch */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t hatch;

static void *barron(void *arg)
{
    order_await(1);
    sem_post(&hatch); /* @posts */
    return arg;
}

int main(void)
{
    pthread_t thread;
    sem_init(&hatch, 0, 0);
    pthread_create(&thread, NULL, barron, NULL);
    sem_destroy(&hatch); /* @destroys */
    order_reach(1);
    pthread_join(thread, NULL);
    printf("Closed.\n");
    return 0;
}
