/* SPDX-License-Identifier: Apache-2.0 */
/* In C11's words: Olivia has cooked the soup, and does not say so. */
/* EXPECT: stuck-thread observed @takes @waits */
/* HANGS */
/* SOURCE: @takes kitchen */
/* SOURCE: @waits ready */

#include <stdio.h>
#include <threads.h>

static mtx_t kitchen;
static cnd_t ready;
static int soups;

static int chef_olivia(void *arg)
{
    (void)arg;
    mtx_lock(&kitchen); /* @takes */
    soups++;
    mtx_unlock(&kitchen);
    return 0;
}

int main(void)
{
    thrd_t olivia;
    mtx_init(&kitchen, mtx_plain);
    cnd_init(&ready);
    mtx_lock(&kitchen);
    thrd_create(&olivia, chef_olivia, NULL);
    while (soups == 0)
        cnd_wait(&ready, &kitchen); /* @waits */
    mtx_unlock(&kitchen);
    thrd_join(olivia, NULL);
    printf("%d soup\n", soups);
    return 0;
}
