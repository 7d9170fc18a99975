/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for a terminal: escaped, coloured, wrapped. Whatever is put on a page comes out harmless:
 * control characters and bytes that are no UTF-8 as \x1b, invisible and direction-changing
 * characters as \u{202e}.
 */
#ifndef SN_REPORT_PAGE_H
#define SN_REPORT_PAGE_H

#include "base/text.h"

#include <stdbool.h>

enum sn_style {
    SN_PLAIN,
    SN_BOLD,
    SN_DIM,
    SN_RED,
    SN_YELLOW,
    SN_CYAN,
    SN_GREEN,
};

struct sn_page {
    struct sn_text *out;
    bool color;
    size_t width;  /* columns */
    size_t column; /* where the next character goes, from 0 */
};

/* Appends TEXT escaped, tabs expanded to 4 columns from column 0 of TEXT; line breaks are escaped
 * too. Returns how many columns it takes. */
size_t sn_escape(struct sn_text *out, const char *text);
/* Escaped text of at most COLUMNS: the middle of what is longer is left out. */
void sn_page_elided(struct sn_page *page, enum sn_style style, const char *text, size_t columns);

/* Blanks up to COLUMN. */
void sn_page_indent(struct sn_page *page, size_t column);
/* TEXT as it is, on this line. */
void sn_page_put(struct sn_page *page, enum sn_style style, const char *text);
/* The words of TEXT, from here on; lines after the first start at column HANG. */
void sn_page_flow(struct sn_page *page, enum sn_style style, const char *text, size_t hang);
void sn_page_newline(struct sn_page *page);
/* A line of snarl's own: "snarl: LABELTEXT". */
void sn_page_own_line(struct sn_page *page, const char *label, enum sn_style style,
                      const char *text);

#endif
