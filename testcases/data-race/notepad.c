/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two shoppers, one notepad, one pencil. While the pencil is taken a shopper does not wait for it,
 * but looks for another item, and notes all of them later. That is good, and neither a livelock nor
 * a deadlock. But whether the notepad is full is tested without the pencil, while the other may be
 * writing.
 */
/* EXPECT: data-race observed @test @note */
/* FINDING: variable=items_on_notepad */
/* SOURCE: @test items_on_notepad */
/* SOURCE: @note items_on_notepad */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { FULL = 100, TRIES = 50 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int items_on_notepad;

static void *shopper(void *arg)
{
    int items = 1, tries = 0;
    while (items_on_notepad < FULL) { /* @test */
        if (pthread_mutex_trylock(&pencil) == 0) {
            items_on_notepad += items; /* @note */
            items = 0;
            order_await(1); /* writes slowly: the other tries in vain TRIES times */
            pthread_mutex_unlock(&pencil);
        } else if (++tries == TRIES) {
            order_reach(1);
        }
        items++; /* found something else to buy */
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
