/* SPDX-License-Identifier: Apache-2.0 */
/* Two that take two chopsticks crosswise, by C11's threads. Both have their first when each wants
 * the other's. */
/* EXPECT: deadlock observed @first @second */
/* FINDING: threads=2 locks=left,right */
/* HANGS */
/* SOURCE: @first left */
/* SOURCE: @first right */
/* SOURCE: @second left */
/* SOURCE: @second right */
#include "order.h"
#include <threads.h>

static mtx_t left, right;

static int barron(void *unused)
{
    mtx_lock(&left); /* @first */
                     /* SOURCE: @first left */
                     /* SOURCE: @first right */
                     /* SOURCE: @second left */
                     /* SOURCE: @second right */
    order_meet(1, 2);
    mtx_lock(&right); /* @second */
    return unused != NULL;
}

static int olivia(void *unused)
{
    mtx_lock(&right); /* @first */
    order_meet(1, 2);
    mtx_lock(&left); /* @second */
    return unused != NULL;
}

int main(void)
{
    thrd_t threads[2];
    mtx_init(&left, mtx_plain);
    mtx_init(&right, mtx_plain);
    thrd_create(&threads[0], barron, NULL);
    thrd_create(&threads[1], olivia, NULL);
    thrd_join(threads[0], NULL);
    thrd_join(threads[1], NULL);
}
