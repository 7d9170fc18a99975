/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace in any of its forms: what snarl recorded, STD text, extended STD text.
 *
 *     struct sn_trace trace;
 *     if (sn_trace_open(&trace, path, settings->input, &err) == 0)
 *         ... trace.reader
 *     sn_trace_close(&trace);
 */
#ifndef SN_CLI_INPUT_H
#define SN_CLI_INPUT_H

#include "cli/options.h"
#include "finding/finding.h"
#include "trace/reader.h"
#include "trace/xstd.h"

struct sn_trace {
    struct tr_reader *reader;
    struct tr_xstd *xstd; /* what READER belongs to, if it was text; else NULL */
};

/* What the file at PATH is, if SAID is no more than auto: by its first bytes. What cannot be looked
 * at twice (a pipe) is taken for STD; what looks like nothing, for a recorded trace, whose reader
 * has the words for what is wrong. */
enum sn_input sn_input_form(const char *path, enum sn_input said);
/* Text becomes a trace. */
int sn_trace_open(struct sn_trace *trace, const char *path, enum sn_input said,
                  struct sn_error *err);
/* In the findings of REPORT from FIRST on: what the text calls its variables and locks; and, once
 * symbols/ is through with them, its locations, as lines of the file at PATH. */
void sn_trace_name_objects(const struct sn_trace *trace, struct sn_report *report, size_t first);
void sn_trace_name_places(const struct sn_trace *trace, struct sn_report *report, size_t first);
void sn_trace_close(struct sn_trace *trace);

#endif
