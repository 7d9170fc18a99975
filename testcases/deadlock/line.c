/* SPDX-License-Identifier: Apache-2.0 */
/* Barron and Olivia hold the two ends of a line, and each waits for the other to speak. */
/* EXPECT: deadlock observed @asked @hears */
/* HANGS */
/* SOURCE: @asked line[1] line */
/* SOURCE: @hears line[0] line */

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int line[2];

static void *olivia(void *arg)
{
    char word[8];
    ssize_t n = recv(line[1], word, sizeof word, 0); /* @asked */
    if (n > 0)
        send(line[1], "yes", 3, 0);
    return arg;
}

int main(void)
{
    pthread_t thread;
    char word[8];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, line))
        return 1;
    pthread_create(&thread, NULL, olivia, NULL);
    printf("%zd\n", recv(line[0], word, sizeof word, 0)); /* @hears */
    pthread_join(thread, NULL);
    return 0;
}
