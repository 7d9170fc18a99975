/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two shoppers, one notepad, one pencil. While the pencil is taken a shopper looks for another
 * item; whether the notepad is full is looked up with the pencil in hand.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

enum { FULL = 100, TRIES = 50 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int items_on_notepad;

static void *shopper(void *arg)
{
    int items = 1, tries = 0;
    for (bool full = false; !full; items++) {
        if (pthread_mutex_trylock(&pencil) == 0) {
            full = items_on_notepad >= FULL;
            if (!full)
                items_on_notepad += items;
            items = 0;
            order_await(1); /* writes slowly: the other tries in vain TRIES times */
            pthread_mutex_unlock(&pencil);
        } else if (++tries == TRIES) {
            order_reach(1);
        }
    }
    return arg;
}

int main(void)
{
    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_create(&olivia, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("The notepad is full: %s\n", items_on_notepad >= FULL ? "yes" : "no");
    return 0;
}
