/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of HTTP/1.1, as far as a page on this machine needs them: GET and HEAD without a body.
 *
 * Whoever can make a browser believe that its own name leads to this machine could read all that is
 * served (DNS rebinding): a request must call the server by a name that is this machine's only.
 */
#ifndef SN_CLI_SERVE_HTTP_H
#define SN_CLI_SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SN_HTTP_LONGEST = 8192 }; /* bytes of a request's head */

struct sn_http_request {
    bool head;        /* HEAD, else GET */
    char path[256];   /* without the query */
    char query[1024]; /* behind the '?', or empty */
};

/* Reads the SIZE bytes that have come so far. 0: there must be more; 200: REQUEST is filled;
 * another: the status to answer with. PORT is the server's own. */
int sn_http_parse(struct sn_http_request *request, const char *bytes, size_t size, uint16_t port);
/* The number called NAME in QUERY ("from=1&until=2"), or OTHERWISE if there is none. */
uint64_t sn_http_number(const char *query, const char *name, uint64_t otherwise);
/* "Not Found" */
const char *sn_http_reason(int status);

#endif
