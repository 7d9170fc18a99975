/* SPDX-License-Identifier: Apache-2.0 */
/* A spin lock that its holder takes again: the thread turns on the spot, for ever. */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* HANGS */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <pthread.h>
#include <stdio.h>

static pthread_spinlock_t pencil;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    pthread_spin_lock(&pencil); /* @garlic */
    garlic_count++;
    pthread_spin_unlock(&pencil);
}

static void *shopper(void *arg)
{
    pthread_spin_lock(&pencil); /* @potato */
    potato_count++;
    add_garlic();
    pthread_spin_unlock(&pencil);
    return arg;
}

int main(void)
{
    pthread_t barron;
    pthread_spin_init(&pencil, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    return 0;
}
