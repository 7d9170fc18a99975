/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two hatches: Barron and Olivia pass each other more than there is room for, and both want to put
 * all of theirs before they take anything.
 */
/* EXPECT: deadlock observed @writes */
/* FINDING: threads=2 sites=2 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @writes hatch[side] hatch */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTION = 1 << 20 };

static int hatch[2];
static char dishes[2][PORTION], taken[2][PORTION];

static void *cook(void *arg)
{
    int side = *(int *)arg;
    if (write(hatch[side], dishes[side], PORTION) < 0) /* @writes */
        return NULL;
    for (ssize_t got, all = 0; all < PORTION; all += got)
        if ((got = read(hatch[side], taken[side], PORTION)) <= 0)
            break;
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int sides[2] = {0, 1};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, hatch))
        return 1;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, cook, &sides[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("All is eaten.");
    return 0;
}
