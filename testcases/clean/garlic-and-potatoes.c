/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Potatoes are always bought together with garlic, and the pencil is a recursive mutex: who holds
 * it may take it again, and gives it back as often.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { TIMES = 1000 };

static pthread_mutex_t pencil;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    pthread_mutex_lock(&pencil);
    garlic_count++;
    pthread_mutex_unlock(&pencil);
}

static void add_potato(void)
{
    pthread_mutex_lock(&pencil);
    potato_count++;
    add_garlic();
    pthread_mutex_unlock(&pencil);
}

static void *shopper(void *arg)
{
    order_meet(0, 2);
    for (int i = 0; i < TIMES; i++) {
        add_garlic();
        add_potato();
    }
    return arg;
}

int main(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&pencil, &attributes);
    pthread_mutexattr_destroy(&attributes);

    pthread_t barron, olivia;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_create(&olivia, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    pthread_mutex_destroy(&pencil);
    return 0;
}
