/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia and Barron share the slip and the bill as in data-race/slip.c, but with a pencil, which is
 * a lock: all that the C library reads and writes for them is under it. */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 100 };

static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
static char slip[64], bill[64];

static void take(const char *what, long price)
{
    char sum[32];
    pthread_mutex_lock(&pencil);
    if (strlen(slip) + strlen(what) + 3 > sizeof slip)
        memset(slip, 0, sizeof slip);
    if (*slip)
        strcat(slip, ", ");
    strncat(slip, what, 10);
    snprintf(sum, sizeof sum, "%ld", strtol(bill, NULL, 10) + price);
    memcpy(bill, sum, strlen(sum) + 1);
    pthread_mutex_unlock(&pencil);
}

static void *olivia(void *arg)
{
    for (int i = 0; i < ORDERS; i++)
        take("soup", 4);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, olivia, NULL);
    for (int i = 0; i < ORDERS; i++)
        take("bread", 1);
    pthread_mutex_lock(&pencil);
    puts(slip[0] ? "The slip is written" : "The slip is empty");
    pthread_mutex_unlock(&pencil);
    pthread_join(thread, NULL);
    printf("To pay: %d\n", atoi(bill));
    return strcmp(bill, "500") != 0;
}
