/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menu may be thrown away once both guests have read it. They count themselves, under a lock:
 * the landlord's count is 2 only behind both, though he takes the lock behind the second one. Where
 * compilers tell of accesses, they leave out that a count is read before it is written.
 */
/* EXPECT: nothing */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int read_by; /* guarded by mutex */
static int *menu;

static void *guest(void *number)
{
    long turn = (long)number;
    order_await((int)turn);
    int soup = menu[0];
    pthread_mutex_lock(&mutex);
    read_by++;
    pthread_mutex_unlock(&mutex);
    order_reach((int)turn + 1);
    return (void *)(long)soup;
}

int main(void)
{
    pthread_t guests[2];
    menu = malloc(16 * sizeof *menu);
    menu[0] = 3;
    for (long i = 0; i < 2; i++)
        pthread_create(&guests[i], NULL, guest, (void *)i);
    order_await(2);
    pthread_mutex_lock(&mutex);
    int count = read_by;
    pthread_mutex_unlock(&mutex);
    if (count == 2)
        free(menu);
    for (int i = 0; i < 2; i++)
        pthread_join(guests[i], NULL);
    printf("%d read it\n", count);
    return 0;
}
