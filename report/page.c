/* SPDX-License-Identifier: Apache-2.0 */
#include "report/page.h"

#include "base/utf8.h"

#include <string.h>

enum { TAB = 4 };

/* Characters that a reader cannot see, that are none for ever, or that reorder what stands beside
 * them. */
static bool is_hidden(uint32_t code)
{
    return (code >= 0x80 && code < 0xa0) || code == 0xad || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x61c || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code & 0xfffe) == 0xfffe || code >= 0xe0000;
}

/* Escapes the character at *AT, moves *AT behind it; returns the columns it takes when the line
 * has come to COLUMN. */
static size_t escape_one(struct sn_text *out, const char **at, size_t column)
{
    uint32_t code = 0;
    size_t length = sn_utf8_decode(*at, &code), before = out->length;
    if (length == 0 || (code < 0x20 && code != '\t') || code == 0x7f) {
        sn_text_printf(out, "\\x%02x", (unsigned)(unsigned char)**at);
        ++*at;
    } else if (code == '\t') {
        size_t blanks = TAB - column % TAB;
        sn_text_printf(out, "%*s", (int)blanks, "");
        ++*at;
    } else if (is_hidden(code)) {
        sn_text_printf(out, "\\u{%x}", (unsigned)code);
        *at += length;
    } else {
        sn_text_add(out, *at, length);
        *at += length;
        return 1;
    }
    return out->length - before;
}

size_t sn_escape(struct sn_text *out, const char *text)
{
    size_t columns = 0;
    sn_text_puts(out, "");
    while (*text)
        columns += escape_one(out, &text, columns);
    return columns;
}

static void begin_style(struct sn_page *page, enum sn_style style)
{
    static const char *const codes[] = {
        [SN_BOLD] = "\033[1m",      [SN_DIM] = "\033[2m",   [SN_RED] = "\033[1;31m",
        [SN_YELLOW] = "\033[1;33m", [SN_CYAN] = "\033[36m", [SN_GREEN] = "\033[32m",
    };
    if (page->color && style != SN_PLAIN)
        sn_text_puts(page->out, codes[style]);
}

static void end_style(struct sn_page *page, enum sn_style style)
{
    if (page->color && style != SN_PLAIN)
        sn_text_puts(page->out, "\033[0m");
}

void sn_page_newline(struct sn_page *page)
{
    sn_text_puts(page->out, "\n");
    page->column = 0;
}

void sn_page_indent(struct sn_page *page, size_t column)
{
    for (; page->column < column; page->column++)
        sn_text_puts(page->out, " ");
}

void sn_page_put(struct sn_page *page, enum sn_style style, const char *text)
{
    begin_style(page, style);
    page->column += sn_escape(page->out, text);
    end_style(page, style);
}

/* Length in bytes of the first COLUMNS characters of escaped TEXT. */
static size_t head_length(const char *text, size_t columns)
{
    const char *at = text;
    for (; *at && columns; columns--)
        at += sn_utf8_decode(at, NULL);
    return (size_t)(at - text);
}

/* Writes escaped TEXT of WIDTH columns in at most COLUMNS. */
static void put_elided(struct sn_page *page, const char *text, size_t width, size_t columns)
{
    if (width <= columns) {
        sn_text_puts(page->out, text);
        page->column += width;
        return;
    }
    size_t kept = columns > 3 ? columns - 3 : 0, head = kept / 3;
    sn_text_add(page->out, text, head_length(text, head));
    sn_text_puts(page->out, "...");
    sn_text_puts(page->out, text + head_length(text, width - (kept - head)));
    page->column += kept + 3;
}

/* Of TEXT what can be seen in COLUMNS once the middle of it is left out, and some more: nobody
 * waits for the middle of a megabyte. A character has at most 4 bytes and at least one column. */
static const char *without_middle(struct sn_text *room, const char *text, size_t columns)
{
    size_t kept = columns < SIZE_MAX / 16 ? 4 * (columns + 4) : SIZE_MAX / 4;
    size_t length = strlen(text);
    if (length / 4 < kept)
        return text;
    sn_text_add(room, text, kept);
    sn_text_puts(room, text + length - kept);
    return room->at;
}

void sn_page_elided(struct sn_page *page, enum sn_style style, const char *text, size_t columns)
{
    struct sn_text safe = {0}, room = {0};
    size_t width = sn_escape(&safe, without_middle(&room, text, columns));
    begin_style(page, style);
    put_elided(page, safe.at, width, columns);
    end_style(page, style);
    sn_text_release(&safe);
    sn_text_release(&room);
}

/* One word, on the next line if this one is full; after a blank if it stays here and BLANK. */
static void flow_word(struct sn_page *page, enum sn_style style, const char *word, bool blank,
                      size_t hang)
{
    struct sn_text safe = {0}, room = {0};
    size_t most = page->width > hang + 16 ? page->width - hang : 16;
    size_t width = sn_escape(&safe, without_middle(&room, word, most));
    blank = blank && page->column > hang;
    if (page->column > hang && page->column + blank + width > page->width) {
        end_style(page, style);
        sn_page_newline(page);
        sn_page_indent(page, hang);
        begin_style(page, style);
    } else if (blank) {
        sn_text_puts(page->out, " ");
        page->column++;
    }
    put_elided(page, safe.at, width, most);
    sn_text_release(&safe);
    sn_text_release(&room);
}

void sn_page_flow(struct sn_page *page, enum sn_style style, const char *text, size_t hang)
{
    struct sn_text word = {0};
    begin_style(page, style);
    for (bool blank = false; *text;) {
        size_t length = strcspn(text, " ");
        if (length) {
            sn_text_clear(&word);
            sn_text_add(&word, text, length);
            flow_word(page, style, word.at, blank, hang);
        }
        text += length;
        blank = *text == ' ';
        text += blank;
    }
    end_style(page, style);
    sn_text_release(&word);
}

void sn_page_own_line(struct sn_page *page, const char *label, enum sn_style style,
                      const char *text)
{
    sn_page_put(page, SN_BOLD, "snarl: ");
    sn_page_put(page, style, label);
    sn_page_flow(page, SN_PLAIN, text, 4);
    sn_page_newline(page);
}
