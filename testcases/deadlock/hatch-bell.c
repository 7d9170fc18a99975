/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron puts one soup through the hatch, a pipe, and waits for a bell before the next; Olivia
 * waits for the next.
 */
/* EXPECT: deadlock observed @rings @reads */
/* FINDING: threads=2 */
/* HANGS */
/* SOURCE: @rings bell */
/* SOURCE: @reads hatch[0] hatch */

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

static int hatch[2];
static sem_t bell;

static void *barron(void *arg)
{
    char byte = 's';
    if (write(hatch[1], &byte, 1) != 1)
        return NULL;
    sem_wait(&bell); /* @rings */
    close(hatch[1]);
    return arg;
}

int main(void)
{
    pthread_t cook;
    char byte;
    long soups = 0;
    if (pipe(hatch))
        return 1;
    sem_init(&bell, 0, 0);
    pthread_create(&cook, NULL, barron, NULL);
    while (read(hatch[0], &byte, 1) == 1) /* @reads */
        soups++;
    pthread_join(cook, NULL);
    printf("%ld soups\n", soups);
    return 0;
}
