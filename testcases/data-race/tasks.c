/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that count: each reads, takes a break, and writes one more. Whoever counts in the break is
 * lost.
 */
/* EXPECT: data-race observed @reads @writes */
/* EXPECT: data-race observed @writes */
/* FINDING: variable=count */
/* REWRITE: possible */
/* OUTPUT: digits vary */
/* ARGS: 200 */
/* SOURCE: @reads count */
/* SOURCE: @writes count */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 4 };

static long count;

static void *task(void *arg)
{
    long value = count; /* @reads */
    order_meet(0, AT_ONCE);
    count = value + 1; /* @writes */
    return arg;
}

int main(int argc, char **argv)
{
    int tasks = argc > 1 ? atoi(argv[1]) : 10000;
    for (int i = 0; i < tasks; i += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (int n = 0; n < AT_ONCE; n++)
            pthread_create(&threads[n], NULL, task, NULL);
        for (int n = 0; n < AT_ONCE; n++)
            pthread_join(threads[n], NULL);
    }
    printf("%ld\n", count);
    return 0;
}
