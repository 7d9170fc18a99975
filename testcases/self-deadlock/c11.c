/* SPDX-License-Identifier: Apache-2.0 */
/* Potatoes with garlic again, by C11: a pencil of the type mtx_plain is not recursive. */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* HANGS */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <stdio.h>
#include <threads.h>

static mtx_t pencil;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    mtx_lock(&pencil); /* @garlic */
    garlic_count++;
    mtx_unlock(&pencil);
}

static int shopper(void *arg)
{
    (void)arg;
    mtx_lock(&pencil); /* @potato */
    potato_count++;
    add_garlic();
    mtx_unlock(&pencil);
    return 0;
}

int main(void)
{
    thrd_t barron;
    mtx_init(&pencil, mtx_plain);
    thrd_create(&barron, shopper, NULL);
    thrd_join(barron, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    return 0;
}
