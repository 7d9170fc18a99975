/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron goes home when Olivia has gone, Olivia when Steve has, and Steve when Barron has. The C
 * library refuses to join two threads with each other, but not three.
 */
/* EXPECT: deadlock observed @joins */
/* FINDING: threads=3 sites=3 */
/* HANGS */
/* SOURCE: @joins "*(pthread_t *)next" next */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

static pthread_t threads[3];

static void *leave_after(void *next)
{
    order_await(1);
    pthread_join(*(pthread_t *)next, NULL); /* @joins */
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, leave_after, &threads[(i + 1) % 3]);
    order_reach(1);
    pthread_exit(NULL);
}
