/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that count, each in one critical section with its break inside. */
/* EXPECT: nothing */
/* ARGS: 200 */
#include "order.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

static void *task(void *arg)
{
    pthread_mutex_lock(&lock);
    long value = count;
    order_tick();
    count = value + 1;
    pthread_mutex_unlock(&lock);
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
