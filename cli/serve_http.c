/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/serve_http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OK = 200, BAD_REQUEST = 400, NOT_ALLOWED = 405, MISDIRECTED = 421 };

const char *sn_http_reason(int status)
{
    switch (status) {
    case OK:
        return "OK";
    case 404:
        return "Not Found";
    case NOT_ALLOWED:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 414:
        return "URI Too Long";
    case MISDIRECTED:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

/* A line of the head: up to its end of line, which is CR LF, or LF alone. */
struct line {
    const char *at;
    size_t length;
};

static bool next_line(const char **from, const char *end, struct line *line)
{
    const char *newline = memchr(*from, '\n', (size_t)(end - *from));
    if (!newline)
        return false;
    *line = (struct line){*from, (size_t)(newline - *from)};
    if (line->length && line->at[line->length - 1] == '\r')
        line->length--;
    *from = newline + 1;
    return true;
}

static bool copy(char *to, size_t room, const char *from, size_t length)
{
    if (length >= room)
        return false;
    memcpy(to, from, length);
    to[length] = 0;
    return true;
}

/* "GET /spans?from=1 HTTP/1.1" */
static int parse_first(struct sn_http_request *request, struct line line)
{
    const char *end = line.at + line.length;
    const char *method_end = memchr(line.at, ' ', line.length);
    const char *target = method_end ? method_end + 1 : NULL;
    const char *target_end = target ? memchr(target, ' ', (size_t)(end - target)) : NULL;
    if (!target_end || *target != '/')
        return BAD_REQUEST;
    for (const char *at = line.at; at < end; at++)
        if (!isprint((unsigned char)*at))
            return BAD_REQUEST;
    size_t method = (size_t)(method_end - line.at), version = (size_t)(end - target_end - 1);
    if (version != 8 || memcmp(target_end + 1, "HTTP/1.", 7) != 0)
        return 505;
    request->head = method == 4 && memcmp(line.at, "HEAD", 4) == 0;
    if (!request->head && (method != 3 || memcmp(line.at, "GET", 3) != 0))
        return NOT_ALLOWED;
    const char *mark = memchr(target, '?', (size_t)(target_end - target));
    const char *path_end = mark ? mark : target_end, *query = mark ? mark + 1 : target_end;
    if (!copy(request->path, sizeof request->path, target, (size_t)(path_end - target)) ||
        !copy(request->query, sizeof request->query, query, (size_t)(target_end - query)))
        return 414;
    return OK;
}

/* The value of the header NAME if LINE is that, without the blanks around it; else NULL. */
static const char *value_of(struct line line, const char *name, size_t *length)
{
    size_t prefix = strlen(name);
    if (line.length <= prefix || line.at[prefix] != ':' || strncasecmp(line.at, name, prefix) != 0)
        return NULL;
    const char *at = line.at + prefix + 1, *end = line.at + line.length;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *length = (size_t)(end - at);
    return at;
}

static bool is_own_name(const char *host, size_t length, uint16_t port)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    char own[32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int size = snprintf(own, sizeof own, "%s:%u", names[i], port);
        if (length == (size_t)size && strncasecmp(host, own, length) == 0)
            return true;
        if (port == 80 && length == strlen(names[i]) && strncasecmp(host, own, length) == 0)
            return true;
    }
    return false;
}

static int parse_headers(const char *at, const char *end, uint16_t port)
{
    struct line line;
    unsigned hosts = 0, own = 0;
    while (next_line(&at, end, &line)) {
        size_t length;
        const char *value;
        if (!line.length)
            break;
        if ((value = value_of(line, "Host", &length))) {
            hosts++;
            own += is_own_name(value, length, port);
        } else if ((value = value_of(line, "Content-Length", &length))) {
            if (length != 1 || *value != '0')
                return BAD_REQUEST;
        } else if (value_of(line, "Transfer-Encoding", &length)) {
            return BAD_REQUEST;
        }
    }
    return hosts != 1 ? BAD_REQUEST : own ? OK : MISDIRECTED;
}

/* Behind the empty line that ends the head, or NULL if that has not come yet. */
static const char *end_of_head(const char *at, const char *end)
{
    struct line line;
    while (next_line(&at, end, &line))
        if (!line.length)
            return at;
    return NULL;
}

int sn_http_parse(struct sn_http_request *request, const char *bytes, size_t size, uint16_t port)
{
    const char *at = bytes, *end = end_of_head(bytes, bytes + size);
    struct line line;
    if (!end)
        return size >= SN_HTTP_LONGEST ? 431 : 0;
    if (!next_line(&at, end, &line))
        return BAD_REQUEST;
    int status = parse_first(request, line);
    int headers = parse_headers(at, end, port);
    /* Who calls the server by a foreign name learns nothing, not even what there is. */
    return headers != OK ? headers : status;
}

uint64_t sn_http_number(const char *query, const char *name, uint64_t otherwise)
{
    size_t length = strlen(name);
    for (const char *at = query; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, name, length) != 0 || at[length] != '=' ||
            !isdigit((unsigned char)at[length + 1]))
            continue;
        char *end;
        errno = 0;
        unsigned long long value = strtoull(at + length + 1, &end, 10);
        return errno || (*end && *end != '&') ? otherwise : value;
    }
    return otherwise;
}
