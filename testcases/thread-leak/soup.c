/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron asks Olivia to thaw the sausage while he cuts the vegetables. The soup gets done, but he
 * never asks her for the result: her thread has ended, and its stack and descriptor are kept for a
 * join that never comes.
 */
/* EXPECT: thread-leak observed @create */
/* SOURCE: @create olivia */
#include "order.h"
#include <pthread.h>
#include <stdio.h>

enum { OLIVIAS_SEAT = 0 };

static void *chef_olivia(void *arg)
{
    order_sit(OLIVIAS_SEAT);
    printf("Olivia: the sausage is thawing.\n");
    return arg;
}

int main(void)
{
    pthread_t olivia;
    pthread_create(&olivia, NULL, chef_olivia, NULL); /* @create */
    order_await_ended(OLIVIAS_SEAT);
    printf("Barron: the soup is done.\n");
    return 0;
}
