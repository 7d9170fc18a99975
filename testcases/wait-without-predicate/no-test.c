/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody looks at anything: Barron sleeps, and whatever wakes him is dinner. */
/* EXPECT: wait-without-predicate possible @waits @rings */
/* BLIND: nothing */
/* SOURCE: @waits bell */
/* SOURCE: @rings bell */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;

static void *guest_barron(void *arg)
{
    order_sit(1);
    pthread_mutex_lock(&table);
    pthread_cond_wait(&bell, &table); /* @waits */
    pthread_mutex_unlock(&table);
    printf("Barron: dinner!\n");
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, guest_barron, NULL);
    order_await_blocked(1);
    pthread_mutex_lock(&table);
    pthread_cond_signal(&bell); /* @rings */
    pthread_mutex_unlock(&table);
    pthread_join(barron, NULL);
    return 0;
}
