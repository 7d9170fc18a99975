/* SPDX-License-Identifier: Apache-2.0 */
/* A client and a server in one process, by TCP on the loopback: connecting comes before accepting,
 * sending before receiving, closing before the end. */
/* EXPECT: nothing */
/* TSAN: does not take connecting, nor the end, for order */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS = 50 };

static struct sockaddr_in address = {.sin_family = AF_INET};
static int greeting, request, answer, farewell;

static void *client(void *arg)
{
    char byte = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    greeting = 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address))
        return NULL;
    for (int i = 1; i <= REQUESTS; i++) {
        request = i;
        if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1 || answer != 2 * i)
            return NULL;
    }
    farewell = 1;
    close(fd);
    return arg;
}

int main(void)
{
    char byte;
    socklen_t size = sizeof address;
    pthread_t thread;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    pthread_create(&thread, NULL, client, NULL);
    int fd = accept(listener, NULL, NULL);
    int sum = greeting;
    while (read(fd, &byte, 1) == 1) {
        sum += request;
        answer = 2 * request;
        if (write(fd, &byte, 1) != 1)
            return 1;
    }
    printf("Requests: %d, farewell: %d\n", sum, farewell);
    pthread_join(thread, NULL);
    close(fd);
    close(listener);
    return 0;
}
