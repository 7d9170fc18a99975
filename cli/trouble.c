/* SPDX-License-Identifier: Apache-2.0 */
/* Each message is one write, so that lines of several processes do not mix. */
#include "cli/trouble.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void sn_say(const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct sn_text text = {0};
    sn_text_printf(&text, "snarl: %s\n", line);
    /* Nobody is left to be told if stderr itself fails. */
    if (write(STDERR_FILENO, text.at, text.length) < 0) {
    }
    sn_text_release(&text);
}

void sn_say_error(const char *prefix, const struct sn_error *err)
{
    char line[1024];
    sn_say("%s%s", prefix, sn_error_format(err, line, sizeof line));
}
