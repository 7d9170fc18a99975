/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "report/markup.h"
#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>

enum { GAP = 2 };

void sn_table_add(struct sn_table *table, const char *text)
{
    struct sn_cell *cell = vec_push(&table->cells);
    struct sn_page page = {.out = &cell->text, .width = SN_LONGEST};
    sn_text_puts(&cell->text, "");
    sn_page_elided(&page, SN_PLAIN, text ? text : "", SN_LONGEST);
    cell->width = page.column;
}

void sn_table_printf(struct sn_table *table, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sn_table_add(table, text);
}

static size_t width_of(const struct sn_table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->cells.count; i += table->columns)
        if (table->cells.at[i].width > width)
            width = table->cells.at[i].width;
    return width;
}

void sn_table_write(struct sn_table *table, struct sn_text *out, bool color)
{
    size_t *widths = sn_calloc(table->columns, sizeof *widths);
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = width_of(table, i);
    struct sn_page page = {out, color, SN_LONGEST, 0};
    for (size_t i = 0; i < table->cells.count; i++) {
        struct sn_cell *cell = &table->cells.at[i];
        size_t column = i % table->columns;
        bool last = column + 1 == table->columns;
        sn_page_put(&page, i < table->columns ? SN_BOLD : SN_PLAIN, cell->text.at);
        sn_text_printf(out, "%*s", last ? 0 : (int)(widths[column] - cell->width + GAP), "");
        if (last)
            sn_page_newline(&page);
        sn_text_release(&cell->text);
    }
    free(widths);
    vec_release(&table->cells);
}
