/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/suppress/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sn_lines_init(struct sn_lines *lines, const char *path, const char *bytes, size_t size,
                   struct sn_error *err)
{
    *lines = (struct sn_lines){
        .path = path, .bytes = bytes, .end = bytes + size, .next = bytes, .err = err};
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        lines->next += 3; /* editors of another system leave a byte order mark */
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool sn_lines_next(struct sn_lines *lines)
{
    while (lines->next < lines->end) {
        const char *start = lines->next;
        const char *newline = memchr(start, '\n', (size_t)(lines->end - start));
        const char *stop = newline ? newline : lines->end;
        lines->next = newline ? newline + 1 : lines->end;
        lines->number++;
        lines->start = lines->at = start;
        while (lines->at < stop && is_blank(*lines->at))
            lines->at++;
        while (stop > lines->at && is_blank(stop[-1]))
            stop--;
        lines->length = (size_t)(stop - lines->at);
        if (lines->length && *lines->at != '#')
            return true;
    }
    lines->start = lines->at = lines->end;
    lines->length = 0;
    return false;
}

int sn_lines_fail(struct sn_lines *lines, const char *at, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (lines->at == lines->end)
        return sn_fail(lines->err, SN_E_FORMAT, lines->path, (uint64_t)(at - lines->bytes),
                       "at the end: %s", text);
    return sn_fail(lines->err, SN_E_FORMAT, lines->path, (uint64_t)(at - lines->bytes),
                   "line %u, column %zu: %s", lines->number, (size_t)(at - lines->start) + 1, text);
}

bool sn_word_is(const char *word, size_t length, const char *text)
{
    return strlen(text) == length && memcmp(word, text, length) == 0;
}

bool sn_lines_is(const struct sn_lines *lines, const char *text)
{
    return sn_word_is(lines->at, lines->length, text);
}

bool sn_lines_starts_with(const struct sn_lines *lines, const char *text)
{
    size_t length = strlen(text);
    return lines->length >= length && memcmp(lines->at, text, length) == 0;
}

struct sn_shown sn_lines_show(const char *at, size_t length)
{
    struct sn_shown shown = {{0}};
    size_t most = length > 40 ? 40 : length;
    for (size_t i = 0; i < most; i++)
        shown.text[i] = at[i] < ' ' || at[i] > '~' ? '?' : at[i];
    if (length > most)
        memcpy(shown.text + most, "...", 3);
    return shown;
}

struct sn_suppression *sn_suppressions_add(struct sn_suppressions *suppressions,
                                           const struct sn_lines *lines)
{
    struct sn_suppression *one = SN_NEW(&suppressions->arena, struct sn_suppression);
    one->by.file = sn_strdup(&suppressions->arena, lines->path ? lines->path : "");
    one->by.line = lines->number;
    *vec_push(&suppressions->of) = one;
    return one;
}
