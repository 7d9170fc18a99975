/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron and Olivia each add their garlic without a lock, and each then, or before, looks at the
 * notepad under its own. In this run Barron is done with the notepad before Olivia takes it, so
 * that its lock has ordered the two. Nothing makes it so: the other way round they add at once.
 */
/* EXPECT: data-race predicted @barron @olivia */
/* FINDING: variable=garlic_count threads=2 */
/* TSAN: sees what happened, and this did not */
/* SOURCE: @barron garlic_count */
/* SOURCE: @olivia garlic_count */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static int garlic_count;

static void write_note(void)
{
    pthread_mutex_lock(&pencil);
    order_tick();
    pthread_mutex_unlock(&pencil);
}

static void *barron(void *arg)
{
    garlic_count++; /* @barron */
    write_note();
    order_reach(1);
    return arg;
}

static void *olivia(void *arg)
{
    order_await(1);
    write_note();
    garlic_count++; /* @olivia */
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("We should buy %d garlic.\n", garlic_count);
    return 0;
}
