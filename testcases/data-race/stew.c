/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pot of stew has a lock for its level, and Olivia puts in salt without it. The pot is on the
 * heap, made by a function that makes everything in this kitchen: what it is, is known from who
 * asked for it, and how large it is.
 */
/* EXPECT: data-race observed @olivia @barron */
/* REWRITE: possible unless optimized */
/* FINDING: "variable=taste.salt of struct pot made at stew.c:30" sites=2 */
/* SOURCE: @olivia stew->taste.salt salt */
/* SOURCE: @barron stew->taste.salt salt */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct pot {
    pthread_mutex_t lock;
    long level;
    struct {
        int pepper, salt;
    } taste;
};

static struct pot *stew;

__attribute__((noinline)) static void *make(size_t size)
{
    void *made;
    made = malloc(size);
    if (!made)
        abort();
    return made;
}

__attribute__((noinline)) static struct pot *make_pot(void)
{
    struct pot *pot = make(sizeof *pot);
    *pot = (struct pot){.lock = PTHREAD_MUTEX_INITIALIZER, .level = 5};
    return pot;
}

static void *olivia(void *arg)
{
    stew->taste.salt++; /* @olivia */
    order_reach(1);
    return arg;
}

static void *barron(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&stew->lock);
    stew->taste.salt++; /* @barron */
    stew->level--;
    pthread_mutex_unlock(&stew->lock);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    stew = make_pot();
    pthread_create(&threads[0], NULL, olivia, NULL);
    pthread_create(&threads[1], NULL, barron, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("There are %ld litres of stew.\n", stew->level);
    free(stew);
    return 0;
}
