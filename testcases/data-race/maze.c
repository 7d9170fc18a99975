/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia has walked each way through a maze in which one can turn left or right at every corner,
 * half a million of them, and has laid a stone at each end, before she writes her name on the gate;
 * and there Barron writes his. However many places she has been to, it is known where she wrote.
 */
/* EXPECT: data-race observed @olivia @barron */
/* FINDING: variable=gate.name[0] sites=2 */
/* SOURCE: @olivia gate.name[0] sign::name */
/* SOURCE: @barron gate.name[0] sign::name */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { CORNERS = 19 };

struct sign {
    char name[4];
};

struct sign gate; /* of a static one clang would leave the first byte alone */
static char *stones;

__attribute__((noinline)) static void go_right(int corner, unsigned way);

__attribute__((noinline)) static void go_left(int corner, unsigned way)
{
    if (corner == CORNERS) {
        stones[4 * way]++;
        return;
    }
    go_left(corner + 1, 2 * way);
    go_right(corner + 1, 2 * way);
    __asm__ volatile("");
}

__attribute__((noinline)) static void go_right(int corner, unsigned way)
{
    if (corner == CORNERS) {
        stones[4 * way + 2]++;
        return;
    }
    go_left(corner + 1, 2 * way + 1);
    go_right(corner + 1, 2 * way + 1);
    __asm__ volatile("");
}

static void *olivia(void *arg)
{
    go_left(0, 0);
    gate.name[0]++; /* @olivia */
    order_reach(1);
    return arg;
}

static void *barron(void *arg)
{
    order_await(1);
    gate.name[0]++; /* @barron */
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    stones = calloc(4, 1 << (CORNERS + 1));
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, barron, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d names on the gate.\n", gate.name[0]);
    free(stones);
    return 0;
}
