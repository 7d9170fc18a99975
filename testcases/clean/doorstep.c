/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The landlord waits on the doorstep, which is a variable of his own function, until Olivia has
 * cleared the tables and says so there; then the tables are thrown away.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TABLES = 8 };

struct order {
    atomic_ulong *doorstep;
    long *tables;
};

static void *olivia(void *arg)
{
    struct order order = *(struct order *)arg;
    for (int i = 0; i < TABLES; i++)
        order.tables[i] += i;
    atomic_store_explicit(order.doorstep, 0, memory_order_release);
    return NULL;
}

int main(void)
{
    atomic_ulong doorstep = 1;
    struct order order = {&doorstep, calloc(TABLES, sizeof(long))};
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, &order);
    while (atomic_load_explicit(&doorstep, memory_order_acquire))
        sched_yield();
    printf("Table 3 had %ld.\n", order.tables[3]);
    free(order.tables);
    pthread_join(thread, NULL);
    return 0;
}
