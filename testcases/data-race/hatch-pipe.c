/* SPDX-License-Identifier: Apache-2.0 */
/* Barron pushes a plate through the hatch, a pipe, and then still salts it: what he does after the
 * write is in no order with what Olivia does after the read. */
/* EXPECT: data-race observed @serves @salts */
/* REWRITE: possible */
/* SOURCE: @serves plate */
/* SOURCE: @salts plate */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int hatch[2];
static int plate;

static void *olivia(void *arg)
{
    char byte;
    if (read(hatch[0], &byte, 1) != 1)
        return NULL;
    *(int *)arg = plate; /* @serves */
    order_reach(1);
    return NULL;
}

int main(void)
{
    int served = 0;
    pthread_t thread;
    if (pipe(hatch))
        return 1;
    pthread_create(&thread, NULL, olivia, &served);
    plate = 7;
    if (write(hatch[1], "x", 1) != 1)
        return 1;
    order_await(1);
    plate = 8; /* @salts */
    pthread_join(thread, NULL);
    printf("Served: %d\n", served);
    return 0;
}
