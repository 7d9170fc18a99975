/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader on any bytes. Input that begins with the trace's magic is a file as it is; any other
 * is a list of chunks' events, around which good headers are put, so that the fuzzer need not find
 * them: a byte for the thread, one for the epoch, one for the length divided by 4, then the events.
 *
 * What was read must also survive as text: the text reads back, and gives the same text.
 */
#include "fuzz/turns.h"
#include "trace/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EVENTS = 2000, CHUNK = TR_CHUNK_ALIGN, MOST_CHUNKS = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct dump {
    struct sn_text text;
    bool whole;
};

static struct dump dump_of(struct tr_reader *reader)
{
    struct dump dump = {.whole = true};
    struct tr_event ev;
    struct sn_error err;
    sn_text_puts(&dump.text, "");
    while (dump.whole && tr_reader_next(reader, &ev, &err) > 0) {
        tr_text_event(&dump.text, reader, &ev);
        dump.whole = ev.index < MOST_EVENTS;
    }
    return dump;
}

static void check_text(const struct sn_text *text)
{
    uint8_t *bytes;
    size_t size;
    struct sn_error err;
    struct tr_reader *reader;
    if (tr_text_parse(text->at, text->length, &bytes, &size, &err) < 0) {
        fprintf(stderr, "%s\n%s", err.text, text->at);
        abort();
    }
    if (tr_reader_open_memory(&reader, bytes, size, &err) < 0)
        abort();
    struct dump again = dump_of(reader);
    if (strcmp(again.text.at, text->at)) {
        fprintf(stderr, "%s\nbecame\n%s", text->at, again.text.at);
        abort();
    }
    sn_text_release(&again.text);
    tr_reader_close(reader);
    free(bytes);
}

static void check(const uint8_t *data, size_t size)
{
    struct tr_reader *reader;
    struct sn_error err;
    if (tr_reader_open_memory(&reader, data, size, &err) < 0)
        return;
    struct sn_text header = {0};
    tr_text_header(&header, reader);
    struct dump dump = dump_of(reader);
    /* Without the header times count from 0, counters are of the usual number, and no number is
     * known to be missing, as some are in a ring and in a snapshot (gaps.h). */
    const struct tr_header *h = tr_reader_header(reader);
    if (dump.whole && !h->start_tsc && h->counter_bits == TR_COUNTER_BITS && !h->ring_lost &&
        !(h->flags & TR_IS_SNAPSHOT) && !fuzz_modules_in_turn(reader) && !fuzz_defers(reader))
        check_text(&dump.text);
    sn_text_release(&header);
    sn_text_release(&dump.text);
    tr_reader_close(reader);
}

static void check_chunks(const uint8_t *data, size_t size)
{
    size_t most = TR_HEADER_SIZE + MOST_CHUNKS * CHUNK, end = TR_HEADER_SIZE;
    uint8_t *file = calloc(1, most);
    uint32_t numbers[256] = {0};
    while (size > 3 && end + CHUNK <= most) {
        struct tr_chunk chunk = {.magic = TR_CHUNK_MAGIC,
                                 .offset = end,
                                 .size = CHUNK,
                                 .thread = data[0] % 8,
                                 .number = numbers[data[0] % 8]++,
                                 .epoch = data[1]};
        size_t length = (size_t)data[2] * 4;
        data += 3;
        size -= 3;
        if (length > size)
            length = size;
        memcpy(file + end, &chunk, sizeof chunk);
        memcpy(file + end + sizeof chunk, data, length);
        data += length;
        size -= length;
        end += CHUNK;
    }
    struct tr_header header = {.magic = TR_MAGIC,
                               .version = TR_VERSION_NUMBER,
                               .end = end,
                               .counter_bits = TR_COUNTER_BITS};
    memcpy(file, &header, sizeof header);
    check(file, end);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 5 && memcmp(data, "SNARL", 5) == 0)
        check(data, size);
    else
        check_chunks(data, size);
    return 0;
}
