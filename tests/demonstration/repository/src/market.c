/* SPDX-License-Identifier: Apache-2.0 */
/* Two shoppers at one stall. */
#include "stall.h"
#include "visitors.h"

#include <stdio.h>

enum { SHOPPERS = 2, HEADS = 3 };

static struct stall stall;

static void *shop(void *number)
{
    visitors_count();
    visitors_greet(*(int *)number);
    stall_buy(&stall, HEADS);
    return NULL;
}

int main(void)
{
    int numbers[SHOPPERS];
    pthread_t threads[SHOPPERS];
    stall_open(&stall, SHOPPERS * HEADS);
    for (int i = 0; i < SHOPPERS; i++) {
        numbers[i] = i + 1;
        if (pthread_create(&threads[i], NULL, shop, &numbers[i]) != 0)
            return 1;
    }
    for (int i = 0; i < SHOPPERS; i++)
        pthread_join(threads[i], NULL);
    printf("%d visitors, %d coins, %d heads of garlic left\n", visitors_all(), stall.coins,
           stall.garlic);
    return 0;
}
