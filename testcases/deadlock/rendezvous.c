/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rendezvous: Barron and Olivia each say by a semaphore that they have come, and wait for the
 * other one's word. But each waits before saying anything.
 */
/* EXPECT: deadlock observed @barron @olivia */
/* FINDING: threads=2 locks=barron_came,olivia_came sites=2 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @barron olivia_came */
/* SOURCE: @olivia barron_came */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t barron_came, olivia_came;

static void *barron(void *arg)
{
    sem_wait(&olivia_came); /* @barron */
    sem_post(&barron_came);
    return arg;
}

static void *olivia(void *arg)
{
    sem_wait(&barron_came); /* @olivia */
    sem_post(&olivia_came);
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    sem_init(&barron_came, 0, 0);
    sem_init(&olivia_came, 0, 0);
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("They have met.");
    return 0;
}
