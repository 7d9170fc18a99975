/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that count, each in two short critical sections with a break in between. They run one after
 * the other this time, and nothing is lost..
 */
/* EXPECT: atomicity-violation possible @reads @writes */
/* FINDING: variable=count locks=lock */
/* ARGS: 100 */
/* SOURCE: @reads count */
/* SOURCE: @writes count */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;
static int turn;

__attribute__((noinline)) static long get_count(void)
{
    pthread_mutex_lock(&lock);
    long value = count; /* @reads */
    pthread_mutex_unlock(&lock);
    return value;
}

__attribute__((noinline)) static void set_count(long value)
{
    pthread_mutex_lock(&lock);
    count = value; /* @writes */
    pthread_mutex_unlock(&lock);
}

static void *task(void *arg)
{
    int number = (int)(size_t)arg;
    order_await(number);
    long value = get_count();
    order_tick();
    set_count(value + 1);
    order_reach(number + 1);
    return NULL;
}

int main(int argc, char **argv)
{
    int tasks = argc > 1 ? atoi(argv[1]) : 10000;
    for (turn = 0; turn < tasks; turn += 2) {
        pthread_t first, second;
        pthread_create(&first, NULL, task, (void *)(size_t)turn);
        pthread_create(&second, NULL, task, (void *)(size_t)(turn + 1));
        pthread_join(first, NULL);
        pthread_join(second, NULL);
    }
    printf("%ld\n", count);
    return 0;
}
