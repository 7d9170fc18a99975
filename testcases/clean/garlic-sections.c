/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two critical sections after each other that are right: the second reads again before it writes;
 * it ends what the first began; it writes what nobody else does; and what another part of the
 * program has looked at before is no reason to write.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count, writers, list[2];
static _Bool open_shop;

static void count_again(void)
{
    pthread_mutex_lock(&pencil);
    int garlic = garlic_count;
    pthread_mutex_unlock(&pencil);
    order_tick();
    pthread_mutex_lock(&pencil);
    if (garlic_count == garlic)
        garlic_count = garlic + 1;
    pthread_mutex_unlock(&pencil);
}

static void begin_and_end(void)
{
    pthread_mutex_lock(&pencil);
    writers++;
    pthread_mutex_unlock(&pencil);
    order_tick();
    pthread_mutex_lock(&pencil);
    writers--;
    pthread_mutex_unlock(&pencil);
}

static void one_after_the_other(int me)
{
    pthread_mutex_lock(&pencil);
    int mine = list[me];
    pthread_mutex_unlock(&pencil);
    order_tick();
    pthread_mutex_lock(&pencil);
    list[me] = mine + 1;
    pthread_mutex_unlock(&pencil);
}

static void shut(void)
{
    pthread_mutex_lock(&pencil);
    _Bool open = open_shop;
    pthread_mutex_unlock(&pencil);
    order_tick();
    pthread_mutex_lock(&pencil);
    if (open)
        open_shop = 0;
    pthread_mutex_unlock(&pencil);
}

static void *shopper(void *arg)
{
    int me = (int)(size_t)arg;
    for (int i = 0; i < 100; i++) {
        count_again();
        begin_and_end();
        one_after_the_other(me);
        shut();
    }
    return NULL;
}

int main(void)
{
    pthread_t barron, olivia;
    open_shop = 1;
    pthread_create(&barron, NULL, shopper, (void *)0);
    pthread_create(&olivia, NULL, shopper, (void *)1);
    pthread_join(barron, NULL);
    pthread_join(olivia, NULL);
    printf("%d %d %d\n", writers, list[0], list[1]);
    return 0;
}
