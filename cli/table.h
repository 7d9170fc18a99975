/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in columns, as wide as their widest cell; the first row is the heading.
 *
 *     struct sn_table table = {.columns = 2};
 *     sn_table_add(&table, "RUN");
 *     sn_table_add(&table, "COMMIT");
 *     ...
 *     sn_table_write(&table, &text, options->color);
 */
#ifndef SN_CLI_TABLE_H
#define SN_CLI_TABLE_H

#include "base/text.h"
#include "base/vec.h"

#include <stdbool.h>

struct sn_cell {
    struct sn_text text;
    size_t width;
};

struct sn_table {
    size_t columns;
    VEC(struct sn_cell) cells; /* row by row */
};

/* The next cell, in one line and harmless; NULL is an empty one. */
void sn_table_add(struct sn_table *table, const char *text);
void sn_table_printf(struct sn_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends the table and releases it. */
void sn_table_write(struct sn_table *table, struct sn_text *out, bool color);

#endif
