/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron looks once whether dinner is ready, and takes any wake for the answer. This time it was
 * the bell; it might have been nothing at all, or Steve might have eaten in between.
 */
/* EXPECT: wait-without-predicate possible @waits @looks @rings */
/* BLIND: nothing */
/* SOURCE: @looks ready */
/* SOURCE: @waits bell */
/* SOURCE: @rings bell */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int ready, plates;

static void *guest_barron(void *arg)
{
    order_sit(1);
    pthread_mutex_lock(&table);
    if (!ready)                           /* @looks */
        pthread_cond_wait(&bell, &table); /* @waits */
    printf("Barron: %d plates.\n", plates);
    pthread_mutex_unlock(&table);
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, guest_barron, NULL);
    order_await_blocked(1);
    pthread_mutex_lock(&table);
    ready = 1;
    plates = 2;
    pthread_cond_signal(&bell); /* @rings */
    pthread_mutex_unlock(&table);
    pthread_join(barron, NULL);
    return 0;
}
