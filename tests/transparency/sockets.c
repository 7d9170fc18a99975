/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: results, errno, messages whole and in part, connections that end, waits cut short. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

static char bytes[1 << 12];
static void *volatile nowhere = (void *)8;

static void pairs(void)
{
    int ends[2];
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    SAY(socketpair(AF_INET, SOCK_STREAM, 0, ends));
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
    SAY(send(ends[0], "abcdef", 6, 0));
    SAY(recv(ends[1], bytes, 2, MSG_PEEK));
    SAY(recv(ends[1], bytes, 3, 0));
    SAY(read(ends[1], bytes, 100));
    SAY(recv(ends[1], bytes, 3, MSG_DONTWAIT));
    SAY(send(ends[0], nowhere, 6, 0));
    SAY(write(ends[1], "xyz", 3));
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    SAY(recvmsg(ends[0], &message, 0));
    part.iov_len = 7;
    SAY(sendmsg(ends[0], &message, MSG_NOSIGNAL));
    struct mmsghdr messages[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
    SAY(sendmmsg(ends[0], messages, 2, 0));
    SAY(messages[1].msg_len);
    SAY(recvmmsg(ends[1], messages, 2, MSG_WAITFORONE, NULL));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    SAY(shutdown(ends[0], SHUT_WR));
    SAY(recv(ends[1], bytes, 100, 0));
    SAY(send(ends[0], "a", 1, MSG_NOSIGNAL));
    SAY(shutdown(ends[0], 77));
    SAY(close(ends[1]));
    SAY(send(ends[0], "a", 1, MSG_NOSIGNAL));
    SAY(recv(ends[0], bytes, 1, 0));
    SAY(close(ends[0]));
    SAY(recv(ends[0], bytes, 1, 0));
    SAY(send(0, "a", 1, 0));
    SAY(shutdown(0, SHUT_RDWR));
    SAY(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
    SAY(recv(ends[0], bytes, 1, 0));
    SAY(send(ends[0], "abc", 3, 0));
    SAY(send(ends[0], "", 0, 0));
    SAY(recv(ends[1], bytes, 1, MSG_TRUNC));
    SAY(recv(ends[1], bytes, 1, 0));
    struct timeval limit = {0, 1000};
    SAY(fcntl(ends[1], F_SETFL, 0));
    SAY(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    SAY(recv(ends[1], bytes, 1, 0));
    SAY(recv(ends[1], bytes, 1, 0));
}

/* A descriptor sent through a socket to the sender itself. */
static void passed(void)
{
    int ends[2], own[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, own) == 0);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &own[1], sizeof(int));
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    SAY(sendmsg(ends[0], &message, 0));
    part.iov_base = bytes;
    SAY(recvmsg(ends[1], &message, 0));
    int copy;
    memcpy(&copy, CMSG_DATA(&control.header), sizeof copy);
    SAY(copy);
    SAY(write(own[0], "through", 7));
    SAY(read(copy, bytes, 100));
}

static struct sockaddr_in address = {.sin_family = AF_INET};
static socklen_t size = sizeof address;
static int listener;

static void *connects(void *unused)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    MUST(connect(fd, (struct sockaddr *)&address, size) == 0);
    MUST(write(fd, "hello", 5) == 5);
    MUST(recv(fd, bytes, 2, MSG_WAITALL) == 2);
    MUST(close(fd) == 0);
    return unused;
}

static void listens(void)
{
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SAY((listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) > 2);
    SAY(bind(listener, (struct sockaddr *)&address, size));
    SAY(listen(listener, 5));
    SAY(getsockname(listener, (struct sockaddr *)&address, &size));
}

static void tcp(void)
{
    char got[10];
    listens();
    pthread_t thread = make_thread(connects, NULL);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    SAY(fcntl(fd, F_GETFD));
    SAY(recv(fd, got, 5, MSG_WAITALL));
    SAY(send(fd, "ok", 2, 0));
    SAY(recv(fd, got, 5, 0));
    SAY(pthread_join(thread, NULL));
    SAY(fcntl(listener, F_SETFL, O_NONBLOCK));
    SAY(accept(listener, NULL, NULL));
    SAY(accept(listener, nowhere, nowhere));
    SAY(accept(-1, NULL, NULL));
    SAY(connect(listener, nowhere, size));
    SAY(connect(-1, (struct sockaddr *)&address, size));
    SAY(close(listener));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    SAY(connect(fd, (struct sockaddr *)&address, size));
    SAY(recv(fd, got, 1, 0));
    SAY(shutdown(fd, SHUT_RDWR));
    SAY(socket(12345, 1, 1));
}

static void udp(void)
{
    int here = socket(AF_INET, SOCK_DGRAM, 0), there = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SAY(bind(here, (struct sockaddr *)&address, size));
    SAY(getsockname(here, (struct sockaddr *)&address, &size));
    SAY(sendto(there, "dgram", 5, 0, (struct sockaddr *)&address, size));
    SAY(sendto(there, "dgram", 5, 0, nowhere, size));
    SAY(send(there, "dgram", 5, 0));
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    SAY(recvfrom(here, bytes, 3, 0, (struct sockaddr *)&from, &from_size));
    SAY(from.sin_family);
    SAY(recvfrom(here, bytes, 3, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size));
    struct mmsghdr message = {0};
    SAY(recvmmsg(here, &message, 1, MSG_DONTWAIT, NULL));
}

static void *waits_in_accept(void *seat)
{
    order_sit(*(int *)seat);
    accept(listener, NULL, NULL);
    return NULL;
}

static void *waits_in_recv(void *seat)
{
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    order_sit(*(int *)seat);
    SAY(recv(ends[0], bytes, 1, 0));
    return NULL;
}

static void nothing(int number)
{
    (void)number;
}

static void cut_short(void)
{
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    void *result;
    int seats[] = {1, 2, 3};
    listens();
    pthread_t thread = make_thread(waits_in_recv, &seats[0]);
    order_await_call(1, SYS_recvfrom);
    MUST(pthread_kill(thread, SIGUSR1) == 0);
    SAY(pthread_join(thread, NULL));
    thread = make_thread(waits_in_recv, &seats[1]);
    order_await_call(2, SYS_recvfrom);
    MUST(pthread_cancel(thread) == 0);
    SAY(pthread_join(thread, &result));
    SAY(result == PTHREAD_CANCELED);
    thread = make_thread(waits_in_accept, &seats[2]);
    order_await_call(3, SYS_accept);
    MUST(pthread_cancel(thread) == 0);
    SAY(pthread_join(thread, &result));
    SAY(result == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"pairs", pairs},
                                         {"passed", passed},
                                         {"tcp", tcp},
                                         {"udp", udp},
                                         {"cut-short", cut_short},
                                         {NULL, NULL}},
                     argc, argv);
}
