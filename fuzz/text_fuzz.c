/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: it is refused with a line, or becomes a trace whose own text is stable. */
#include "fuzz/turns.h"
#include "trace/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The trace of TEXT as text again, header included; NULL if it is refused. */
static char *again(const char *text, size_t length)
{
    uint8_t *bytes;
    size_t size;
    struct sn_error err = {0};
    struct tr_reader *reader;
    if (tr_text_parse(text, length, &bytes, &size, &err) < 0) {
        if (!err.text[0] || err.offset == 0)
            abort();
        return NULL;
    }
    if (tr_reader_open_memory(&reader, bytes, size, &err) < 0)
        abort();
    struct sn_text out = {0};
    struct tr_event ev;
    tr_text_header(&out, reader);
    while (tr_reader_next(reader, &ev, &err) > 0)
        tr_text_event(&out, reader, &ev);
    if (tr_reader_damage(reader)->cut)
        abort();
    bool in_turn = fuzz_modules_in_turn(reader) || fuzz_defers(reader);
    tr_reader_close(reader);
    free(bytes);
    if (!in_turn)
        return out.at;
    sn_text_release(&out);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = again((const char *)data, size);
    if (!first)
        return 0;
    char *second = again(first, strlen(first));
    if (!second || strcmp(first, second)) {
        fprintf(stderr, "%s\nbecame\n%s", first, second ? second : "nothing");
        abort();
    }
    free(first);
    free(second);
    return 0;
}
