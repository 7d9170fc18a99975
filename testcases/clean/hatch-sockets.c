/* SPDX-License-Identifier: Apache-2.0 */
/* A pair of sockets between two threads: what one side sends comes before what the other receives,
 * in either direction, and through a copy of the descriptor as well. */
/* EXPECT: nothing */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 100 };

static int ends[2];
static int sushi;

static void *steve(void *arg)
{
    char byte;
    int copy = dup(ends[1]);
    for (int i = 0; i < ROUNDS; i++) {
        if (recv(copy, &byte, 1, 0) != 1)
            return NULL;
        sushi++;
        if (write(ends[1], &byte, 1) != 1)
            return NULL;
    }
    close(copy);
    return arg;
}

int main(void)
{
    char byte = 0;
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 1;
    pthread_create(&thread, NULL, steve, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        sushi++;
        if (send(ends[0], &byte, 1, 0) != 1 || read(ends[0], &byte, 1) != 1)
            return 1;
    }
    printf("Sushi: %d\n", sushi);
    pthread_join(thread, NULL);
    return 0;
}
