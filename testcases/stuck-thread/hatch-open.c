/* SPDX-License-Identifier: Apache-2.0 */
/* Barron puts one soup through the hatch and goes home, and leaves it open: there may be more. */
/* EXPECT: stuck-thread observed @writes @ends @reads */
/* HANGS */
/* SOURCE: @writes hatch[1] hatch */
/* SOURCE: @ends "pthread_exit(arg)" - */
/* SOURCE: @reads hatch[0] hatch */

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int hatch[2];

static void *barron(void *arg)
{
    char byte = 's';
    if (write(hatch[1], &byte, 1) != 1) /* @writes */
        return NULL;
    pthread_exit(arg); /* @ends */
}

int main(void)
{
    pthread_t cook;
    char byte;
    long soups = 0;
    if (pipe(hatch))
        return 1;
    pthread_create(&cook, NULL, barron, NULL);
    while (read(hatch[0], &byte, 1) == 1) /* @reads */
        soups++;
    pthread_join(cook, NULL);
    printf("%ld soups\n", soups);
    return 0;
}
