/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each cook has a drawer of spoons, and Olivia has lent hers to Barron: what is thread-local is no
 * other thread's business, but a pointer leads there.
 */
/* EXPECT: data-race observed @olivia @barron */
/* REWRITE: possible unless optimized */
/* FINDING: variable=drawer.spoons[2] sites=2 */
/* SOURCE: @barron "*(int *)lent" lent */
/* SOURCE: @olivia "*own" own */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static __thread struct {
    char label[3];
    int spoons[4];
} drawer;

static void *barron(void *lent)
{
    ++*(int *)lent; /* @barron */
    order_reach(1);
    return lent;
}

static void *olivia(void *arg)
{
    pthread_t friend;
    int *volatile own = &drawer.spoons[2]; /* what is reached by no pointer is not looked at */
    pthread_create(&friend, NULL, barron, own);
    order_await(1);
    ++*own; /* @olivia */
    pthread_join(friend, NULL);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_join(thread, NULL);
    printf("The spoons are back.\n");
    return 0;
}
