/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int sn_file_read(const char *path, size_t most, const char *too_large, char **bytes, size_t *size,
                 struct sn_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), code = 0;
    if (fd < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot open it: %s", strerror(errno));
    struct sn_text text = {0};
    char buffer[64 * 1024];
    ssize_t got;
    sn_text_puts(&text, "");
    while ((got = read(fd, buffer, sizeof buffer)) > 0 && text.length <= most)
        sn_text_add(&text, buffer, (size_t)got);
    if (got < 0)
        code = sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot read it: %s", strerror(errno));
    else if (got > 0)
        code = sn_fail(err, SN_E_LIMIT, path, SN_NO_OFFSET, "%s", too_large);
    close(fd);
    if (code < 0)
        sn_text_release(&text);
    *size = text.length;
    *bytes = text.at;
    return code;
}
