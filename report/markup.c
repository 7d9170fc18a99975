/* SPDX-License-Identifier: Apache-2.0 */
#include "report/markup.h"

#include "base/utf8.h"
#include "report/page.h"

#include <ctype.h>
#include <string.h>

void sn_plain(struct sn_text *out, const char *text, size_t columns)
{
    struct sn_page page = {.out = out, .width = columns};
    sn_text_puts(out, "");
    sn_page_elided(&page, SN_PLAIN, text, columns);
}

void sn_plain_lines(struct sn_text *out, const char *text)
{
    struct sn_text line = {0};
    for (;;) {
        size_t length = strcspn(text, "\n");
        sn_text_clear(&line);
        sn_text_add(&line, text, length);
        sn_escape(out, line.at);
        if (!text[length])
            break;
        sn_text_puts(out, "\n");
        text += length + 1;
    }
    sn_text_release(&line);
}

/* What XML 1.0 has no way to write, not even as a reference. */
static bool is_no_xml(uint32_t code)
{
    return (code < 0x20 && code != '\t' && code != '\n') || code == 0xfffe || code == 0xffff;
}

void sn_xml(struct sn_text *out, const char *text)
{
    sn_text_puts(out, "");
    for (uint32_t code = 0; *text;) {
        size_t length = sn_utf8_decode(text, &code);
        if (length == 0 || is_no_xml(code))
            sn_text_puts(out, "\xef\xbf\xbd");
        else if (code == '&')
            sn_text_puts(out, "&amp;");
        else if (code == '<')
            sn_text_puts(out, "&lt;");
        else if (code == '>')
            sn_text_puts(out, "&gt;");
        else if (code == '"')
            sn_text_puts(out, "&quot;");
        else
            sn_text_add(out, text, length);
        text += length ? length : 1;
    }
}

/* A backslash makes ASCII punctuation plain: what means something is marked. In a table a bar must
 * not show even so, and `<`,
 * `&` and `@` mean something to what reads the page afterwards: those become references. */
void sn_markdown(struct sn_text *out, const char *text, size_t columns)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text, columns);
    sn_text_puts(out, "");
    for (const char *at = plain.at; *at; at++) {
        if (strchr("<>&|@", *at))
            sn_text_printf(out, "&#%d;", *at);
        else
            sn_text_printf(out, "%s%c", strchr("\\`*_[](){}#+-.!~:$=", *at) ? "\\" : "", *at);
    }
    sn_text_release(&plain);
}

void sn_uri(struct sn_text *out, const char *path)
{
    sn_text_puts(out, "");
    for (; *path; path++) {
        unsigned char byte = (unsigned char)*path;
        bool unreserved = byte < 0x80 && (isalnum(byte) || strchr("-._~/", byte));
        sn_text_printf(out, unreserved ? "%c" : "%%%02X", byte);
    }
}
