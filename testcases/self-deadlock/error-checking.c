/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Potatoes with garlic again, and an error-checking pencil: it refuses to be taken twice by the
 * same shopper. The program goes on, but the garlic is never noted.
 */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    if (pthread_mutex_lock(&pencil) != 0) /* @garlic */
        return;
    garlic_count++;
    pthread_mutex_unlock(&pencil);
}

static void *shopper(void *arg)
{
    pthread_mutex_lock(&pencil); /* @potato */
    potato_count++;
    add_garlic();
    pthread_mutex_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&pencil, &attributes);
    pthread_mutexattr_destroy(&attributes);

    pthread_t barron;
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    pthread_mutex_destroy(&pencil);
    return 0;
}
