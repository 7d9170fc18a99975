/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spin lock is unlocked that nobody has, and then one that another thread has.
 */
/* EXPECT: unlock-not-held observed @free */
/* EXPECT: unlock-not-held observed @gives-away @takes */
/* SOURCE: @takes knife */
/* SOURCE: @free board */
/* SOURCE: @gives-away knife */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_spinlock_t knife, board;

static void *barron(void *arg)
{
    pthread_spin_lock(&knife); /* @takes */
    order_reach(1);
    order_await(2);
    pthread_spin_unlock(&knife);
    return arg;
}

static void *olivia(void *arg)
{
    pthread_spin_unlock(&board); /* @free */
    order_await(1);
    pthread_spin_unlock(&knife); /* @gives-away */
    order_reach(2);
    return arg;
}

int main(void)
{
    pthread_t first, second;
    pthread_spin_init(&knife, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&board, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&first, NULL, barron, NULL);
    pthread_create(&second, NULL, olivia, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    pthread_spin_destroy(&knife);
    pthread_spin_destroy(&board);
    printf("Chopped.\n");
    return 0;
}
