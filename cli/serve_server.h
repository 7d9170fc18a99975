/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for one reader on this machine: one thread, connections of one request each, on the
 * loopback address alone. What it serves, CONTENT says: it reads no file.
 *
 *     struct sn_server server;
 *     if (sn_server_open(&server, 0, &err) == 0) {
 *         ... server.port
 *         sn_server_run(&server, content, data, &err); // until SIGINT or SIGTERM
 *     }
 *     sn_server_close(&server);
 */
#ifndef SN_CLI_SERVE_SERVER_H
#define SN_CLI_SERVE_SERVER_H

#include "base/error.h"
#include "base/text.h"
#include "cli/serve_http.h"

#include <signal.h>

/* Appends what REQUEST is answered with to BODY, and says of which TYPE it is ("text/html").
 * Returns the status. */
typedef int sn_content(void *data, const struct sn_http_request *request, struct sn_text *body,
                       const char **type);

enum { SN_SERVER_MOST = 32 }; /* connections at one time */

struct sn_connection {
    int fd; /* -1: none */
    char in[SN_HTTP_LONGEST];
    size_t size;
    struct sn_text out;
    size_t sent;
    double deadline; /* for whoever is slow, in seconds of the monotonic clock */
};

struct sn_server {
    int fd;
    uint16_t port;
    sigset_t unblocked; /* the mask while it waits */
    struct sn_connection connections[SN_SERVER_MOST];
};

/* Listens on PORT, 0: on any that is free. SIGINT and SIGTERM from now on end sn_server_run. */
int sn_server_open(struct sn_server *server, uint16_t port, struct sn_error *err);
int sn_server_run(struct sn_server *server, sn_content *content, void *data, struct sn_error *err);
void sn_server_close(struct sn_server *server);

#endif
