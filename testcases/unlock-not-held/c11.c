/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve gives back the pencil that he never had, by C11's names.
 */
/* EXPECT: unlock-not-held observed @gives-away @takes */
/* FINDING: locks=pencil */
/* SOURCE: @takes pencil */
/* SOURCE: @gives-away pencil */
#include "order.h"
#include <stdio.h>
#include <threads.h>

static mtx_t pencil;

static int barron(void *arg)
{
    (void)arg;
    mtx_lock(&pencil); /* @takes */
    order_reach(1);
    order_await(2);
    mtx_unlock(&pencil);
    return 0;
}

static int steve(void *arg)
{
    (void)arg;
    order_await(1);
    mtx_unlock(&pencil); /* @gives-away */
    order_reach(2);
    return 0;
}

int main(void)
{
    thrd_t first, second;
    mtx_init(&pencil, mtx_plain);
    thrd_create(&first, barron, NULL);
    thrd_create(&second, steve, NULL);
    thrd_join(first, NULL);
    thrd_join(second, NULL);
    mtx_destroy(&pencil);
    printf("The list is written.\n");
    return 0;
}
