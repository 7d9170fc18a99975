/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main takes the pencil to write the last item, and goes home with it: the process ends with the
 * lock held by the very thread that ends it. Nobody waits here, but the next one would.
 */
/* EXPECT: abandoned-lock observed @takes */
/* FINDING: severity=warning locks=pencil */
/* SOURCE: @takes pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int items;

static void *shopper(void *arg)
{
    pthread_mutex_lock(&pencil);
    items++;
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    pthread_mutex_lock(&pencil); /* @takes */
    items++;
    printf("Items to buy: %d\n", items);
    return 0;
}
