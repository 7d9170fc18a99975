/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main writes the last item, puts the pencil back, and goes home.
 */
/* EXPECT: nothing */
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
    pthread_mutex_lock(&pencil);
    items++;
    printf("Items to buy: %d\n", items);
    pthread_mutex_unlock(&pencil);
    return 0;
}
