/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cook holds the ladle until the helper is done, and the helper needs the ladle. This time the
 * helper had it before the cook took it. Had the cook been first, neither would ever go on: a join
 * waits as a lock does.
 */
/* EXPECT: deadlock predicted @takes @joins @needs */
/* FINDING: threads=2 locks=ladle */
/* SOURCE: @needs ladle */
/* SOURCE: @takes ladle */
/* SOURCE: @joins thread */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;

static void *helper(void *arg)
{
    pthread_mutex_lock(&ladle); /* @needs */
    order_tick();
    pthread_mutex_unlock(&ladle);
    order_reach(1);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, helper, NULL);
    order_await(1);
    pthread_mutex_lock(&ladle); /* @takes */
    pthread_join(thread, NULL); /* @joins */
    pthread_mutex_unlock(&ladle);
    puts("The soup is ready.");
    return 0;
}
