/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a request to `snarl serve`: nothing but GET and HEAD by one of this machine's own
 * names is taken, in whatever pieces it comes.
 */
#define _GNU_SOURCE /* memmem */
#include "cli/serve_http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PORT = 8080 };

static void check(const struct sn_http_request *request, const char *bytes, size_t size)
{
    static const char name[] = ":8080";
    const char *start = request->head ? "HEAD /" : "GET /";
    if (request->path[0] != '/' || memcmp(bytes, start, strlen(start)) != 0 ||
        !memmem(bytes, size, name, strlen(name)))
        abort();
    (void)sn_http_number(request->query, "from", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_http_request request;
    size = size > SN_HTTP_LONGEST ? SN_HTTP_LONGEST : size;
    char *bytes = malloc(size + 1); /* exactly what there is, so that reading behind it shows */
    memcpy(bytes, data, size);
    bytes = realloc(bytes, size ? size : 1);
    int status = sn_http_parse(&request, bytes, size, PORT);
    if (status == 200)
        check(&request, bytes, size);
    for (size_t part = 0; part < size; part++) {
        int early = sn_http_parse(&request, bytes, part, PORT);
        if (early == 0)
            continue;
        if (early != status)
            abort();
        break;
    }
    free(bytes);
    return 0;
}
