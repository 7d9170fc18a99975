/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each order at the counter has pages of its own, with a lock in them that needs no making: Barron
 * takes his order's lock and then the till, and gives the pages back; Olivia gets pages at the same
 * address, and takes the till and then her order's lock. They are two locks, so there is no cycle;
 * and two memories, so there is no race. Then Olivia has her pages replaced by blank ones, and
 * moved.
 */
/* EXPECT: nothing */
#define _GNU_SOURCE
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { BARRONS_SEAT, SIZE = 3 * 4096, ANYWHERE = MAP_PRIVATE | MAP_ANONYMOUS };

struct order {
    pthread_mutex_t lock;
    int dishes[2000];
};

static pthread_mutex_t till = PTHREAD_MUTEX_INITIALIZER;
static int served;

static struct order *order_new(void *at, int flags)
{
    struct order *order = mmap(at, SIZE, PROT_READ | PROT_WRITE, ANYWHERE | flags, -1, 0);
    if (order == MAP_FAILED)
        perror("mmap");
    order->dishes[7] = 1;
    return order;
}

static void *barron(void *arg)
{
    struct order *order = arg;
    order_sit(BARRONS_SEAT);
    order->dishes[0] = 3;
    pthread_mutex_lock(&order->lock);
    pthread_mutex_lock(&till);
    served++;
    pthread_mutex_unlock(&till);
    pthread_mutex_unlock(&order->lock);
    munmap(order, SIZE);
    return NULL;
}

static void till_first(struct order *order)
{
    pthread_mutex_lock(&till);
    pthread_mutex_lock(&order->lock);
    served++;
    pthread_mutex_unlock(&order->lock);
    pthread_mutex_unlock(&till);
}

static void order_first(struct order *order)
{
    pthread_mutex_lock(&order->lock);
    pthread_mutex_lock(&till);
    served++;
    pthread_mutex_unlock(&till);
    pthread_mutex_unlock(&order->lock);
}

static void *olivia(void *arg)
{
    order_await_ended(BARRONS_SEAT);
    struct order *order = order_new(arg, MAP_FIXED_NOREPLACE);
    order->dishes[0] = 4;
    till_first(order);
    order_first(order_new(order, MAP_FIXED));
    order = mremap(order, SIZE, 40 * SIZE, MREMAP_MAYMOVE);
    till_first(order);
    munmap(order, 40 * SIZE);
    return NULL;
}

int main(void)
{
    pthread_t cook, guest;
    struct order *place = order_new((void *)0x7e9000000000, MAP_FIXED_NOREPLACE);
    pthread_create(&cook, NULL, barron, place);
    pthread_create(&guest, NULL, olivia, place);
    pthread_join(cook, NULL);
    pthread_join(guest, NULL);
    printf("%d orders served\n", served);
    return 0;
}
