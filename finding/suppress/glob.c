/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/suppress/glob.h"

#include "base/utf8.h"

#include <string.h>

/* Bytes of the character at TEXT; what is no UTF-8 counts one by one. */
static size_t character(const char *text)
{
    size_t length = sn_utf8_decode(text, NULL);
    return length ? length : 1;
}

/* Only the last star needs to be tried again: whatever an earlier one could take instead, this one
 * can take as well. */
bool sn_glob(const char *glob, const char *text)
{
    const char *star = NULL, *from = NULL; /* where to go on when what follows the star fails */
    while (*text) {
        const char *literal = *glob == '\\' && glob[1] ? glob + 1 : glob;
        if (*glob == '*') {
            star = ++glob;
            from = text;
        } else if (*glob == '?') {
            glob++;
            text += character(text);
        } else if (*literal == *text) {
            glob = literal + 1;
            text++;
        } else if (star) {
            glob = star;
            text = from += character(from);
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return !*glob;
}

bool sn_glob_path(const char *glob, const char *path)
{
    for (;;) {
        if (sn_glob(glob, path))
            return true;
        const char *slash = strchr(path, '/');
        if (!slash)
            return false;
        path = slash + 1;
    }
}

bool sn_glob_is_open(const char *glob)
{
    return !glob[strspn(glob, "*?")];
}

bool sn_glob_has_wildcard(const char *glob)
{
    for (; *glob; glob++) {
        if (*glob == '*' || *glob == '?')
            return true;
        glob += *glob == '\\' && glob[1];
    }
    return false;
}

void sn_glob_quote(struct sn_text *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = character(text + i);
        bool edge = i == 0 || i + 1 == length;
        if (text[i] < ' ' || text[i] > '~' || (edge && text[i] == ' '))
            sn_text_puts(out, "?");
        else
            sn_text_printf(out, "%s%c", strchr("*?\\", text[i]) ? "\\" : "", text[i]);
        i += step;
    }
}
