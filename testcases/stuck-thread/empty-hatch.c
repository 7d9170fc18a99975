/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia waits at the hatch, a pipe into which nobody puts anything, and nobody closes it. */
/* EXPECT: stuck-thread observed @waits */
/* HANGS */
/* SOURCE: @waits hatch[0] hatch */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int hatch[2];

static void *olivia(void *arg)
{
    char byte;
    printf("%zd\n", read(hatch[0], &byte, 1)); /* @waits */
    return arg;
}

int main(void)
{
    pthread_t thread;
    if (pipe(hatch))
        return 1;
    pthread_create(&thread, NULL, olivia, NULL);
    pthread_join(thread, NULL);
    return 0;
}
