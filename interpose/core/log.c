/* SPDX-License-Identifier: Apache-2.0 */
/* A line for people, formatted on the stack and written with one system call. */
#include "interpose/core/rec.h"

#include <stdarg.h>

#include "interpose/core/poison.h"

struct line {
    char bytes[1024];
    unsigned length;
};

static void add(struct line *line, char c)
{
    if (line->length < sizeof line->bytes - 1)
        line->bytes[line->length++] = c;
}

static void add_number(struct line *line, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while (value /= base);
    while (count)
        add(line, digits[--count]);
}

void rec_log(const char *format, ...)
{
    struct line line = {.length = 0};
    va_list args;
    va_start(args, format);
    for (const char *p = "snarl: "; *p; p++)
        add(&line, *p);
    for (const char *p = format; *p; p++) {
        if (*p != '%') {
            add(&line, *p);
            continue;
        }
        switch (*++p) {
        case 's':
            for (const char *text = va_arg(args, const char *); text && *text; text++)
                add(&line, *text);
            break;
        case 'u':
            add_number(&line, va_arg(args, uint64_t), 10);
            break;
        default:
            add_number(&line, va_arg(args, uint64_t), 16);
            break;
        }
    }
    va_end(args);
    line.bytes[line.length++] = '\n';
    int fd = 2;
    if (rec_config.log_path[0]) {
        int opened = rec_sys_open(rec_config.log_path, O_WRONLY | O_CREAT | O_APPEND, 0666);
        if (opened >= 0)
            fd = opened;
    }
    rec_sys_write(fd, line.bytes, line.length);
    if (fd != 2)
        rec_sys_close(fd);
}
