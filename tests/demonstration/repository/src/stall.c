/* SPDX-License-Identifier: Apache-2.0 */
#include "stall.h"

enum { PRICE = 2 };

void stall_open(struct stall *stall, int garlic)
{
    pthread_mutex_init(&stall->mutex, NULL);
    stall->garlic = garlic;
    stall->coins = 0;
}

bool stall_buy(struct stall *stall, int heads)
{
    pthread_mutex_lock(&stall->mutex);
    bool sold = stall->garlic >= heads;
    if (sold) {
        stall->garlic -= heads;
        stall->coins += PRICE * heads;
    }
    pthread_mutex_unlock(&stall->mutex);
    return sold;
}
