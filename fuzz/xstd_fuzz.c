/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as extended STD: it is refused with its place, or becomes a sound trace whose own text
 * is read again. */
#include "trace/export.h"
#include "trace/xstd.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The trace of TEXT as text again; NULL if it is refused. */
static char *again(const char *text, size_t length, bool extended)
{
    struct tr_xstd *xstd;
    struct sn_error err = {0};
    struct tr_event ev;
    if (tr_xstd_open_memory(&xstd, text, length, &err) < 0) {
        if (!err.text[0] || err.offset > length)
            abort();
        return NULL;
    }
    struct tr_export export;
    struct sn_text out = {0};
    sn_text_puts(&out, "");
    tr_export_init(&export, tr_xstd_reader(xstd), extended);
    while (tr_reader_next(tr_xstd_reader(xstd), &ev, &err) > 0) {
        (void)tr_xstd_name(xstd, ev.object);
        tr_export_event(&export, &ev, &out);
    }
    tr_export_finish(&export, &out);
    tr_export_release(&export);
    if (tr_reader_damage(tr_xstd_reader(xstd))->places)
        abort();
    tr_xstd_close(xstd);
    return out.at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)tr_xstd_looks_like(data, size);
    char *first = again((const char *)data, size, true);
    char *plain = again((const char *)data, size, false);
    if (first && first[0]) {
        char *second = again(first, strlen(first), true);
        if (!second) {
            fprintf(stderr, "refused:\n%s\n", first);
            abort();
        }
        free(second);
    }
    free(first);
    free(plain);
    return 0;
}
