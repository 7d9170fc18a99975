/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Main makes the knife anew while Barron has it: Olivia could take it then, beside him.
 */
/* EXPECT: lock-destroyed-held observed @makes @takes */
/* FINDING: locks=knife threads=2 */
/* SOURCE: @takes knife */
/* SOURCE: @makes knife */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_spinlock_t knife;

static void *barron(void *arg)
{
    pthread_spin_lock(&knife); /* @takes */
    order_reach(1);
    order_await(2);
    pthread_spin_unlock(&knife);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_spin_init(&knife, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&thread, NULL, barron, NULL);
    order_await(1);
    pthread_spin_init(&knife, PTHREAD_PROCESS_PRIVATE); /* @makes */
    order_reach(2);
    pthread_join(thread, NULL);
    printf("Sharpened.\n");
    return 0;
}
