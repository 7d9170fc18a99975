/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int sn_fail(struct sn_error *err, int code, const char *path, uint64_t offset, const char *format,
            ...)
{
    if (!err)
        return code;
    err->code = code;
    err->offset = offset;
    const char *shown = path ? path : "";
    size_t length = strlen(shown);
    if (length >= sizeof err->path)
        shown += length - (sizeof err->path - 1);
    snprintf(err->path, sizeof err->path, "%s", shown);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

char *sn_error_format(const struct sn_error *err, char *buffer, size_t size)
{
    char place[48] = "";
    if (err->offset != SN_NO_OFFSET)
        snprintf(place, sizeof place, "byte %" PRIu64 ": ", err->offset);
    snprintf(buffer, size, "%s%s%s%s", err->path, err->path[0] ? ": " : "", place, err->text);
    return buffer;
}
