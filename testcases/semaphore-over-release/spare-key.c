/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pantry has one key. Barron hangs a second one beside it before anybody comes, and so Olivia
 * and Steve are in there together. Olivia gives hers back, Steve takes his home: in the end one key
 * is on the board, as at first, and nobody who looks at it can tell.
 */
/* EXPECT: semaphore-over-release observed @spare @takes */
/* FINDING: locks=keys */
/* SOURCE: @takes keys */
/* SOURCE: @spare keys */
#include "order.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t keys;

static void *visitor(void *gives_back)
{
    sem_wait(&keys); /* @takes */
    order_meet(0, 2);
    if (gives_back)
        sem_post(&keys);
    return NULL;
}

int main(void)
{
    pthread_t olivia, steve;
    int left;
    sem_init(&keys, 0, 1);
    sem_post(&keys); /* @spare */
    pthread_create(&olivia, NULL, visitor, &keys);
    pthread_create(&steve, NULL, visitor, NULL);
    pthread_join(olivia, NULL);
    pthread_join(steve, NULL);
    sem_getvalue(&keys, &left);
    printf("Keys on the board: %d\n", left);
    sem_destroy(&keys);
    return 0;
}
