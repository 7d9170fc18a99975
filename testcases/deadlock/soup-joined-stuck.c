/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cook joins the helper and keeps the ladle meanwhile. The helper needs the ladle to finish: he
 * waits for the cook, and the cook for his end.
 */
/* EXPECT: deadlock observed @takes @joins @needs */
/* FINDING: threads=2 locks=ladle sites=3 */
/* HANGS */
/* SOURCE: @needs ladle */
/* SOURCE: @takes ladle */
/* SOURCE: @joins thread */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;

static void *helper(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&ladle); /* @needs */
    pthread_mutex_unlock(&ladle);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, helper, NULL);
    pthread_mutex_lock(&ladle); /* @takes */
    order_reach(1);
    pthread_join(thread, NULL); /* @joins */
    pthread_mutex_unlock(&ladle);
    puts("The soup is ready.");
    return 0;
}
