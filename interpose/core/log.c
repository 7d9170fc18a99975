/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people, formatted where there is room for it; a line of it is one system call. */
#include "interpose/core/rec.h"

#include <stdarg.h>

#include "interpose/core/poison.h"

struct text {
    char *bytes;
    uint32_t length, most;
};

static void add(struct text *text, char c)
{
    if (text->length < text->most)
        text->bytes[text->length++] = c;
}

static void add_number(struct text *text, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while (value /= base);
    while (count)
        add(text, digits[--count]);
}

static void format(struct text *text, const char *format, va_list args)
{
    for (const char *p = format; *p; p++) {
        if (*p != '%') {
            add(text, *p);
            continue;
        }
        switch (*++p) {
        case 's':
            for (const char *word = va_arg(args, const char *); word && *word; word++)
                add(text, *word);
            break;
        case 'u':
            add_number(text, va_arg(args, uint64_t), 10);
            break;
        default:
            add_number(text, va_arg(args, uint64_t), 16);
            break;
        }
    }
}

uint32_t rec_text(char *to, uint32_t at, uint32_t size, const char *text, ...)
{
    struct text all = {.bytes = to, .length = at, .most = size};
    va_list args;
    va_start(args, text);
    format(&all, text, args);
    va_end(args);
    return all.length;
}

void rec_log(const char *text, ...)
{
    char bytes[1024];
    struct text line = {.bytes = bytes, .most = sizeof bytes - 1};
    va_list args;
    va_start(args, text);
    for (const char *p = "snarl: "; *p; p++)
        add(&line, *p);
    format(&line, text, args);
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
