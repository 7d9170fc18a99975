/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* accept4, ppoll */
#include "cli/serve_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 20 }; /* seconds for a request, and as many for each part of its answer */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Outside of ppoll both stay pending, so that none of them is missed. */
static void catch_signals(struct sn_server *server)
{
    struct sigaction action = {.sa_handler = stop};
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &server->unblocked);
    sigdelset(&server->unblocked, SIGINT);
    sigdelset(&server->unblocked, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int sn_server_open(struct sn_server *server, uint16_t port, struct sn_error *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int yes = 1;
    for (size_t i = 0; i < SN_SERVER_MOST; i++)
        server->connections[i] = (struct sn_connection){.fd = -1};
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(server->fd, (struct sockaddr *)&address, size) < 0 || listen(server->fd, 64) < 0 ||
        getsockname(server->fd, (struct sockaddr *)&address, &size) < 0)
        return sn_fail(err, SN_E_SYSTEM, NULL, SN_NO_OFFSET, "cannot listen on 127.0.0.1:%u: %s",
                       port, strerror(errno));
    server->port = ntohs(address.sin_port);
    catch_signals(server);
    return 0;
}

static void hang_up(struct sn_connection *connection)
{
    close(connection->fd);
    sn_text_release(&connection->out);
    *connection = (struct sn_connection){.fd = -1};
}

static void take_call(struct sn_server *server)
{
    for (size_t i = 0; i < SN_SERVER_MOST; i++) {
        struct sn_connection *connection = &server->connections[i];
        if (connection->fd >= 0)
            continue;
        connection->fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        connection->deadline = now() + PATIENCE;
        return;
    }
}

static void answer(struct sn_connection *connection, int status, const char *type,
                   const struct sn_text *body, bool head)
{
    sn_text_printf(&connection->out,
                   "HTTP/1.1 %d %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\nCache-Control: no-store\r\n"
                   "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
                   "Cross-Origin-Resource-Policy: same-origin\r\n%s\r\n",
                   status, sn_http_reason(status), type, body->length,
                   status == 405 ? "Allow: GET, HEAD\r\n" : "");
    if (!head)
        sn_text_add(&connection->out, body->at ? body->at : "", body->length);
    connection->deadline = now() + PATIENCE;
}

static void refuse(struct sn_connection *connection, int status)
{
    struct sn_text body = {0};
    sn_text_printf(&body, "%d %s\n", status, sn_http_reason(status));
    answer(connection, status, "text/plain", &body, false);
    sn_text_release(&body);
}

static void hear(struct sn_server *server, struct sn_connection *connection, sn_content *content,
                 void *data)
{
    struct sn_http_request request;
    ssize_t got = read(connection->fd, connection->in + connection->size,
                       sizeof connection->in - connection->size);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            hang_up(connection);
        return;
    }
    connection->size += (size_t)got;
    int status = sn_http_parse(&request, connection->in, connection->size, server->port);
    if (status == 0)
        return;
    struct sn_text body = {0};
    const char *type = "text/plain";
    if (status == 200)
        status = content(data, &request, &body, &type);
    if (status == 200)
        answer(connection, status, type, &body, request.head);
    else
        refuse(connection, status);
    sn_text_release(&body);
}

static void tell(struct sn_connection *connection)
{
    ssize_t sent = send(connection->fd, connection->out.at + connection->sent,
                        connection->out.length - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    connection->sent += sent > 0 ? (size_t)sent : 0;
    connection->deadline = now() + PATIENCE;
    if (sent < 0 || connection->sent == connection->out.length) {
        shutdown(connection->fd, SHUT_WR);
        hang_up(connection);
    }
}

/* Fills POLLS with what is waited for; the listener comes last. */
static size_t expect(struct sn_server *server, struct pollfd *polls, size_t *of)
{
    size_t count = 0;
    bool full = true;
    for (size_t i = 0; i < SN_SERVER_MOST; i++) {
        struct sn_connection *connection = &server->connections[i];
        if (connection->fd >= 0 && now() > connection->deadline)
            hang_up(connection);
        full &= connection->fd >= 0;
        if (connection->fd < 0)
            continue;
        of[count] = i;
        polls[count++] =
            (struct pollfd){connection->fd, connection->out.length ? POLLOUT : POLLIN, 0};
    }
    polls[count] = (struct pollfd){full ? -1 : server->fd, POLLIN, 0};
    return count;
}

int sn_server_run(struct sn_server *server, sn_content *content, void *data, struct sn_error *err)
{
    static const struct timespec a_while = {.tv_sec = 1};
    struct pollfd polls[SN_SERVER_MOST + 1];
    size_t of[SN_SERVER_MOST];
    while (!stopped) {
        size_t count = expect(server, polls, of);
        if (ppoll(polls, count + 1, count ? &a_while : NULL, &server->unblocked) < 0) {
            if (errno == EINTR)
                continue;
            return sn_fail(err, SN_E_SYSTEM, NULL, SN_NO_OFFSET, "cannot wait for requests: %s",
                           strerror(errno));
        }
        for (size_t i = 0; i < count; i++) {
            struct sn_connection *connection = &server->connections[of[i]];
            if (polls[i].revents && connection->out.length)
                tell(connection);
            else if (polls[i].revents)
                hear(server, connection, content, data);
        }
        if (polls[count].revents)
            take_call(server);
    }
    return 0;
}

void sn_server_close(struct sn_server *server)
{
    for (size_t i = 0; i < SN_SERVER_MOST; i++)
        if (server->connections[i].fd >= 0)
            hang_up(&server->connections[i]);
    if (server->fd >= 0)
        close(server->fd);
}
