/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each shopper reads how much garlic there is, thinks about it, and writes down one more. The
 * pencil is held for each of the two, but not for both: what the other one wrote meanwhile is lost.
 */
/* EXPECT: atomicity-violation possible @reads @writes */
/* FINDING: variable=garlic_count locks=pencil threads=2 */
/* SOURCE: @reads garlic_count */
/* SOURCE: @writes garlic_count */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count;

static void *shopper_barron(void *arg)
{
    pthread_mutex_lock(&pencil);
    int garlic = garlic_count; /* @reads */
    pthread_mutex_unlock(&pencil);
    order_reach(1);
    order_await(2);
    pthread_mutex_lock(&pencil);
    garlic_count = garlic + 1; /* @writes */
    pthread_mutex_unlock(&pencil);
    return arg;
}

static void *shopper_olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&pencil);
    garlic_count++; /* @writes */
    pthread_mutex_unlock(&pencil);
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shopper_barron, NULL);
    pthread_create(&olivia, NULL, shopper_olivia, NULL);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("We should buy %d garlic.\n", garlic_count);
    return 0;
}
