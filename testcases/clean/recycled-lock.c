/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each order at the counter has a lock of its own, in memory that is used again and again: Barron
 * takes his order's lock and then the till, Olivia the till and then the lock of her order, which
 * lies at the same address. They are two locks, so there is no cycle.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { BARRONS_SEAT };

struct order {
    pthread_mutex_t lock;
    int dishes[2000];
};

static pthread_mutex_t till = PTHREAD_MUTEX_INITIALIZER;
static int served;

static struct order *order_new(void)
{
    struct order *order = malloc(sizeof *order);
    pthread_mutex_init(&order->lock, NULL);
    return order;
}

static void order_free(struct order *order)
{
    pthread_mutex_destroy(&order->lock);
    free(order);
}

static void *barron(void *arg)
{
    order_sit(BARRONS_SEAT);
    struct order *order = order_new();
    pthread_mutex_lock(&order->lock);
    pthread_mutex_lock(&till);
    served++;
    pthread_mutex_unlock(&till);
    pthread_mutex_unlock(&order->lock);
    order_free(order);
    return arg;
}

static void *olivia(void *arg)
{
    order_await_ended(BARRONS_SEAT);
    struct order *order = order_new();
    pthread_mutex_lock(&till);
    pthread_mutex_lock(&order->lock);
    served++;
    pthread_mutex_unlock(&order->lock);
    pthread_mutex_unlock(&till);
    order_free(order);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    printf("Served: %d\n", served);
    return 0;
}
