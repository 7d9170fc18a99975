/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Olivia rings the bell on every path, and says which one it was; the bell also orders her soup
 * before Barron's plate.
 */
/* EXPECT: nothing */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t bell;
static int salt, plates_of_soup;

static void *chef_olivia(void *arg)
{
    plates_of_soup = salt == 0 ? 0 : 2;
    sem_post(&bell);
    return arg;
}

int main(void)
{
    pthread_t olivia;
    sem_init(&bell, 0, 0);
    pthread_create(&olivia, NULL, chef_olivia, NULL);
    sem_wait(&bell);
    printf("Barron: %d plates of soup.\n", plates_of_soup);
    pthread_join(olivia, NULL);
    sem_destroy(&bell);
    return 0;
}
