/* SPDX-License-Identifier: Apache-2.0 */
/* What Olivia takes from the hatch, a pipe, she puts on a tray; and Barron, who gives her the
 * plates in it, still counts those on the tray. He has no order with her read but that of what he
 * wrote. */
/* EXPECT: data-race observed @takes @counts */
/* FINDING: variable=tray */
/* SOURCE: @takes tray */
/* SOURCE: @counts tray */
#include "order.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int hatch[2];
static char tray[8];
static volatile size_t places = sizeof tray; /* or the compiler compares by itself */

static void *olivia(void *arg)
{
    if (read(hatch[0], tray, sizeof tray) != sizeof tray) /* @takes */
        return NULL;
    order_reach(1);
    return arg;
}

int main(void)
{
    static const char plates[8] = "plates!";
    pthread_t thread;
    if (pipe(hatch))
        return 1;
    pthread_create(&thread, NULL, olivia, NULL);
    if (write(hatch[1], plates, sizeof plates) != sizeof plates)
        return 1;
    order_await(1);
    int same = memcmp(tray, plates, places) == 0; /* @counts */
    pthread_join(thread, NULL);
    printf("The plates are there: %s\n", same ? "yes" : "no");
    return 0;
}
