/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Potatoes with garlic again, and the pencil is a semaphore with one token. Whoever has taken it
 * and asks again waits for a post that would have to be their own.
 */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t pencil;
static int garlic_count, potato_count;

static void add_garlic(void)
{
    sem_wait(&pencil); /* @garlic */
    garlic_count++;
    sem_post(&pencil);
}

static void *shopper(void *arg)
{
    add_garlic();
    sem_wait(&pencil); /* @potato */
    potato_count++;
    add_garlic();
    sem_post(&pencil);
    return arg;
}

int main(void)
{
    pthread_t barron;
    sem_init(&pencil, 0, 1);
    pthread_create(&barron, NULL, shopper, NULL);
    pthread_join(barron, NULL);
    printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
    return 0;
}
