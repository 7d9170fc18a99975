/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tree.h"

#include "report/markup.h"

json_t *sn_tree_plain(const char *text, size_t columns)
{
    if (!text)
        return json_null();
    struct sn_text plain = {0};
    sn_plain(&plain, text, columns);
    return sn_tree_take(&plain);
}

json_t *sn_tree_line(struct sn_text *text)
{
    json_t *string = sn_tree_plain(text->at ? text->at : "", SN_LONGEST);
    sn_text_release(text);
    return string;
}

json_t *sn_tree_take(struct sn_text *text)
{
    json_t *string = json_stringn(text->at ? text->at : "", text->length);
    sn_text_release(text);
    return string;
}

static int append(const char *bytes, size_t length, void *out)
{
    sn_text_add(out, bytes, length);
    return 0;
}

void sn_tree_add(struct sn_text *out, json_t *document)
{
    json_dump_callback(document, append, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(document);
}

void sn_tree_write(struct sn_text *out, json_t *document)
{
    json_dump_callback(document, append, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    sn_text_puts(out, "\n");
    json_decref(document);
}
