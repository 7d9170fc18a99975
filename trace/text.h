/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace as text, one event a line, for `snarl dump` and for golden tests. The grammar is in
 * FORMAT.md. Text to binary to text gives the same text. What hand-made text leaves out (versions,
 * times, epochs) is filled in.
 *
 *     7 T2 acquire mutex 0x5581c0 v3 contended t=12 e=4 @12 [a.out+0x1189 libc.so.6+0x27249]
 */
#ifndef SN_TRACE_TEXT_H
#define SN_TRACE_TEXT_H

#include "base/text.h"
#include "trace/reader.h"

/* Appends one line, with newline, for EV. */
void tr_text_event(struct sn_text *out, const struct tr_reader *reader, const struct tr_event *ev);
/* Appends the trace's header, in lines that start with "#:". */
void tr_text_header(struct sn_text *out, const struct tr_reader *reader);

/* Reads text into a binary trace (malloc'd). ERR names the line as offset (counted from 1) on
 * failure. */
int tr_text_parse(const char *text, size_t length, uint8_t **bytes, size_t *size,
                  struct sn_error *err);

#endif
