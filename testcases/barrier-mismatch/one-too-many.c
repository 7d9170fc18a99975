/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table is laid for two, and three come: two sit down, and one waits for a fourth. Barron, who
 * counts them by the bell, waits for that one.
 */
/* EXPECT: barrier-mismatch observed @comes */
/* FINDING: locks=table */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @comes table */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_barrier_t table;
static sem_t bell;

static void *guest(void *arg)
{
    pthread_barrier_wait(&table); /* @comes */
    sem_post(&bell);
    return arg;
}

int main(void)
{
    pthread_t guests[3];
    pthread_barrier_init(&table, NULL, 2);
    sem_init(&bell, 0, 0);
    for (int i = 0; i < 3; i++) {
        pthread_create(&guests[i], NULL, guest, NULL);
        pthread_detach(guests[i]);
    }
    for (int i = 0; i < 3; i++)
        sem_wait(&bell);
    printf("All have eaten.\n");
    return 0;
}
