/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text grows byte by byte, each time with its end behind it, and is given back before the next
 * lock: then another chef has the same memory. In the trace nothing of it may stand behind its end.
 */
/* EXPECT: nothing */
#include "order.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 50, SIZE = 3000 };

struct text {
    size_t length;
    char *at;
};

__attribute__((noinline)) static void put(struct text *text, const char *bytes, size_t length)
{
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = 0;
}

static void *chef(void *arg)
{
    int me = (int)(size_t)arg;
    for (int round = 0; round < ROUNDS; round++) {
        order_await(2 * round + me);
        struct text menu = {0, malloc(SIZE)};
        for (int i = 0; i < 20; i++) {
            put(&menu, "s", 1);
            put(&menu, "ou", 2);
            put(&menu, "p", 1);
        }
        order_tick();
        free(menu.at);
        order_reach(2 * round + me + 1);
    }
    return NULL;
}

int main(void)
{
    pthread_t olivia, barron;
    mallopt(M_ARENA_MAX, 1);
    pthread_create(&olivia, NULL, chef, (void *)0);
    pthread_create(&barron, NULL, chef, (void *)1);
    pthread_join(olivia, NULL);
    pthread_join(barron, NULL);
    printf("No menu is left.\n");
    return 0;
}
