/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia writes orders on the slip, whose text the C library copies for her; Barron measures it in
 * between, and has no lock for it. And what Barron has printed he leaves there for her to compare.
 */
/* EXPECT: data-race observed @writes @measures */
/* EXPECT: data-race observed @prints @compares */
/* SOURCE: @writes slip */
/* SOURCE: @compares bill */
/* SOURCE: @measures slip */
/* SOURCE: @prints bill */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static char slip[64];
static char bill[64];
static const char *volatile wanted = "two soups, one bread"; /* or the compiler copies it itself */

static void *olivia(void *arg)
{
    strcpy(slip, wanted); /* @writes */
    order_reach(1);
    order_await(2);
    *(int *)arg = strcmp(bill, wanted); /* @compares */
    return NULL;
}

int main(void)
{
    int differs = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, &differs);
    order_await(1);
    size_t length = strlen(slip);               /* @measures */
    snprintf(bill, sizeof bill, "%zu", length); /* @prints */
    order_reach(2);
    pthread_join(thread, NULL);
    printf("%s for %s: %s\n", bill, slip, differs ? "to pay" : "for free");
    return 0;
}
