/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Potatoes are always bought together with garlic: add_potato takes the pencil and calls
 * add_garlic, which takes it again. The pencil is a plain mutex, so the shopper waits for
 * themselves, for ever.
 */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* HANGS */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    pthread_mutex_lock(&pencil); /* @garlic */
    garlic_count++;
    pthread_mutex_unlock(&pencil);
}

static void add_potato(void)
{
    pthread_mutex_lock(&pencil); /* @potato */
    potato_count++;
    add_garlic();
    pthread_mutex_unlock(&pencil);
}

static void *shopper(void *arg)
{
    for (int i = 0; i < 10; i++) {
        add_garlic();
        add_potato();
    }
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    return 0;
}
