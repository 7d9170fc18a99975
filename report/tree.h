/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents of renderers: what jansson has no call for.
 */
#ifndef SN_REPORT_TREE_H
#define SN_REPORT_TREE_H

#include "base/text.h"

#include <jansson.h>

/* One line, harmless and of at most COLUMNS (markup.h); null for NULL. */
json_t *sn_tree_plain(const char *text, size_t columns);
/* The same of TEXT, empty if it holds nothing, of at most SN_LONGEST columns; TEXT is released. */
json_t *sn_tree_line(struct sn_text *text);
/* A string of what is UTF-8 already; TEXT is released. */
json_t *sn_tree_take(struct sn_text *text);
/* Appends DOCUMENT on one line, without a newline, and gives it back. */
void sn_tree_add(struct sn_text *out, json_t *document);
/* Appends DOCUMENT and a newline, and gives it back. */
void sn_tree_write(struct sn_text *out, json_t *document);

#endif
