/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pencil lies on Barron's own table, his stack, and ends with him. Olivia has it then.
 */
/* EXPECT: lock-destroyed-held observed @takes */
/* FINDING: threads=2 sites=2 */
/* SOURCE: @takes pencil */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

struct party {
    pthread_t olivia;
};

static void *olivia(void *pencil)
{
    pthread_mutex_lock(pencil); /* @takes */
    order_reach(1);
    order_await(2);
    return NULL;
}

static void *barron(void *arg)
{
    struct party *party = arg;
    pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
    pthread_create(&party->olivia, NULL, olivia, &pencil);
    order_await(1);
    return NULL;
}

int main(void)
{
    struct party party;
    pthread_t thread;
    pthread_create(&thread, NULL, barron, &party);
    pthread_join(thread, NULL);
    order_reach(2);
    pthread_join(party.olivia, NULL);
    printf("Barron has gone home.\n");
    return 0;
}
