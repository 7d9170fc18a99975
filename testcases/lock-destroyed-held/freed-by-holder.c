/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steve, the last guest, frees the table with its lock in his hand.
 */
/* EXPECT: lock-destroyed-held observed @frees @takes */
/* FINDING: threads=1 sites=2 */
/* SOURCE: @takes table->lock table::lock */
/* SOURCE: @frees table */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct table {
    int guests;
    pthread_mutex_t lock;
};

static void *steve(void *arg)
{
    struct table *table = arg;
    pthread_mutex_lock(&table->lock); /* @takes */
    if (--table->guests == 0)
        free(table); /* @frees */
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct table *table = calloc(1, sizeof *table);
    table->guests = 1;
    pthread_mutex_init(&table->lock, NULL);
    pthread_create(&thread, NULL, steve, table);
    pthread_join(thread, NULL);
    printf("The table is gone.\n");
    return 0;
}
