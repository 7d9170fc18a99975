/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a report in the languages that formats are made of. Names come from the watched program
 * and may hold any bytes: whatever is given comes out as text of that language, never as markup.
 */
#ifndef SN_REPORT_MARKUP_H
#define SN_REPORT_MARKUP_H

#include "base/text.h"

/* How much of a name or a sentence is shown where a reader has a line for it. */
enum { SN_LONGEST = 1000 };

/* One line of UTF-8 without control characters, as page.h escapes; of more than COLUMNS the middle
 * is left out. */
void sn_plain(struct sn_text *out, const char *text, size_t columns);
/* The same line by line: line breaks stay. */
void sn_plain_lines(struct sn_text *out, const char *text);

/* Character data or an attribute's value of XML 1.0, for HTML too. Line breaks and tabs stay. */
void sn_xml(struct sn_text *out, const char *text);
/* One line of GitHub's Markdown that shows TEXT as it is, in a cell of a table too. */
void sn_markdown(struct sn_text *out, const char *text, size_t columns);
/* A path as a relative or absolute URI reference. */
void sn_uri(struct sn_text *out, const char *path);

#endif
