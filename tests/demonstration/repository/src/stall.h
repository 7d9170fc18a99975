/* SPDX-License-Identifier: Apache-2.0 */
/* A stall that several shoppers buy from at the same time. */
#ifndef MARKET_STALL_H
#define MARKET_STALL_H

#include <pthread.h>
#include <stdbool.h>

struct stall {
    pthread_mutex_t mutex;
    int garlic; /* heads left */
    int coins;  /* taken in */
};

void stall_open(struct stall *stall, int garlic);
/* Buys HEADS of garlic, if there are so many. */
bool stall_buy(struct stall *stall, int heads);

#endif
