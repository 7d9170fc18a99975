/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "trace/std.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOKED_AT = 64 << 10 };

static enum sn_input form_of_bytes(const char *bytes, size_t size)
{
    if (!tr_std_looks_like(bytes, size))
        return SN_INPUT_SNARL;
    return tr_xstd_looks_like(bytes, size) ? SN_INPUT_XSTD : SN_INPUT_STD;
}

enum sn_input sn_input_form(const char *path, enum sn_input said)
{
    size_t length = strlen(path);
    if (said != SN_INPUT_AUTO)
        return said;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    enum sn_input form = SN_INPUT_SNARL;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        char *bytes = sn_malloc(LOOKED_AT);
        ssize_t size = S_ISREG(status.st_mode) ? pread(fd, bytes, LOOKED_AT, 0) : 0;
        if (S_ISFIFO(status.st_mode))
            form = SN_INPUT_STD;
        else if (size > 0)
            form = form_of_bytes(bytes, (size_t)size);
        free(bytes);
    }
    if (fd >= 0)
        close(fd);
    /* Its extended words may stand far behind. */
    if (form == SN_INPUT_STD && length > 5 && strcmp(path + length - 5, ".xstd") == 0)
        form = SN_INPUT_XSTD;
    return form;
}

int sn_trace_open(struct sn_trace *trace, const char *path, enum sn_input said,
                  struct sn_error *err)
{
    *trace = (struct sn_trace){0};
    if (sn_input_form(path, said) == SN_INPUT_SNARL)
        return tr_reader_open(&trace->reader, path, err);
    int code = tr_xstd_open(&trace->xstd, path, err);
    if (code == 0)
        trace->reader = tr_xstd_reader(trace->xstd);
    return code;
}

void sn_trace_close(struct sn_trace *trace)
{
    if (trace->xstd)
        tr_xstd_close(trace->xstd);
    else
        tr_reader_close(trace->reader);
    *trace = (struct sn_trace){0};
}
