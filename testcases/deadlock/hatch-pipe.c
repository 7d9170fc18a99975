/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron holds the ladle and reads from the hatch, a pipe, until a soup comes. Only Olivia puts
 * soups there, and she needs the ladle.
 */
/* EXPECT: deadlock observed @takes @reads @needs */
/* FINDING: threads=2 locks=ladle sites=3 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @takes ladle */
/* SOURCE: @reads hatch[0] hatch */
/* SOURCE: @needs ladle */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t ladle = PTHREAD_MUTEX_INITIALIZER;
static int hatch[2];

static void *barron(void *arg)
{
    char soup;
    pthread_mutex_lock(&ladle); /* @takes */
    order_reach(1);
    if (read(hatch[0], &soup, 1) == 1) /* @reads */
        puts("Soup!");
    pthread_mutex_unlock(&ladle);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    pthread_mutex_lock(&ladle); /* @needs */
    if (write(hatch[1], "s", 1) != 1)
        puts("No soup.");
    pthread_mutex_unlock(&ladle);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    if (pipe(hatch))
        return 1;
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
