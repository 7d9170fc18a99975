/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plates are announced one by one, and the end to all. Each guest waits in a loop until there is a
 * plate or the end, whether he comes early or late.
 */
/* EXPECT: nothing */
#include "order.h"

#include <pthread.h>
#include <stdio.h>

enum { GUESTS = 3, PLATES = 30 };

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int plates, closed, eaten;

static void *guest(void *arg)
{
    pthread_mutex_lock(&table);
    for (;;) {
        while (!plates && !closed)
            pthread_cond_wait(&bell, &table);
        if (!plates)
            break;
        plates--;
        eaten++;
    }
    pthread_mutex_unlock(&table);
    return arg;
}

int main(void)
{
    pthread_t guests[GUESTS];
    pthread_mutex_lock(&table);
    plates++;
    pthread_cond_signal(&bell); /* nobody is there yet */
    pthread_mutex_unlock(&table);
    for (int i = 0; i < GUESTS; i++)
        pthread_create(&guests[i], NULL, guest, NULL);
    for (int i = 1; i < PLATES; i++) {
        pthread_mutex_lock(&table);
        plates++;
        pthread_mutex_unlock(&table);
        pthread_cond_signal(&bell);
    }
    pthread_mutex_lock(&table);
    closed = 1;
    pthread_cond_broadcast(&bell);
    pthread_mutex_unlock(&table);
    for (int i = 0; i < GUESTS; i++)
        pthread_join(guests[i], NULL);
    printf("%d plates.\n", eaten);
    return 0;
}
