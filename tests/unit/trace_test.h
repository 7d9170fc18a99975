/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the trace share: cmocka, and traces from text. */
#ifndef SN_TESTS_UNIT_TRACE_TEST_H
#define SN_TESTS_UNIT_TRACE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/text.h"
#include "trace/writer.h"

#include <stdlib.h>
#include <string.h>

struct trace {
    uint8_t *bytes;
    size_t size;
};

static inline struct trace trace_of(const char *text)
{
    struct trace trace;
    struct sn_error err = {0};
    if (tr_text_parse(text, strlen(text), &trace.bytes, &trace.size, &err) < 0)
        fail_msg("%s", err.text);
    return trace;
}

/* What the writer holds; releases it. */
static inline struct trace trace_finish(struct tr_writer *writer)
{
    struct trace trace;
    tr_writer_finish(writer, &trace.bytes, &trace.size);
    tr_writer_release(writer);
    return trace;
}

static inline struct tr_reader *trace_open(const struct trace *trace)
{
    struct tr_reader *reader;
    struct sn_error err = {0};
    if (tr_reader_open_memory(&reader, trace->bytes, trace->size, &err) < 0)
        fail_msg("%s", err.text);
    return reader;
}

/* All events as text. The caller frees it. */
static inline char *trace_dump(const struct trace *trace)
{
    struct tr_reader *reader = trace_open(trace);
    struct sn_text out = {0};
    struct sn_error err;
    struct tr_event ev;
    sn_text_puts(&out, "");
    while (tr_reader_next(reader, &ev, &err) > 0)
        tr_text_event(&out, reader, &ev);
    tr_reader_close(reader);
    return out.at;
}

static inline void trace_free(struct trace *trace)
{
    free(trace->bytes);
    *trace = (struct trace){0};
}

/* A small generator of numbers, the same everywhere. */
static inline uint64_t trace_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return sn_mix(*state);
}

#endif
