/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron waits for everybody of the kitchen to go home, himself among them. The C library refuses
 * (EDEADLK) where it can see that.
 */
/* EXPECT: self-deadlock observed @joins */
/* SOURCE: @joins everybody[0] everybody */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_t everybody[1];

static void *barron(void *arg)
{
    order_await(1);
    int error = pthread_join(everybody[0], NULL); /* @joins */
    printf("Barron: %s\n", strerror(error));
    return arg;
}

int main(void)
{
    pthread_create(&everybody[0], NULL, barron, NULL);
    order_reach(1);
    pthread_join(everybody[0], NULL);
    return 0;
}
