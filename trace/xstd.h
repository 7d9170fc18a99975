/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended STD text (FORMAT.md), and plain STD with it, made into a trace in memory, so that
 * everything that reads traces reads it.
 *
 *     struct tr_xstd *xstd;
 *     if (tr_xstd_open(&xstd, "trace.xstd", &err) < 0)
 *         ...
 *     while (tr_reader_next(tr_xstd_reader(xstd), &ev, &err) > 0)
 *         ...                      // ev.time is the number of the line
 *     tr_xstd_close(xstd);         // closes the reader, too
 *
 * A line is one event, or several: its thread's start before its first line; a wait, which gives a
 * mutex back or takes it. All of them have the line's number as their time, and so come in the
 * order of the lines. There is one exception: an atomic load that names the value of a store which
 * an earlier line has overwritten comes before that. If no order allows that, the text is refused.
 *
 * The location is the stack: one frame, whose return address is the location, as an unsigned number
 * of 32 bits, plus 1. A name that is a number (decimal, or hexadecimal behind 0x) is that address;
 * other names get addresses of their own.
 */
#ifndef SN_TRACE_XSTD_H
#define SN_TRACE_XSTD_H

#include "trace/reader.h"

struct tr_xstd;

enum { TR_XSTD_LINE_MAX = 1 << 20 };

int tr_xstd_open(struct tr_xstd **xstd, const char *path, struct sn_error *err);
/* The same on LENGTH bytes of text, which are copied. */
int tr_xstd_open_memory(struct tr_xstd **xstd, const char *text, size_t length,
                        struct sn_error *err);
struct tr_reader *tr_xstd_reader(const struct tr_xstd *xstd);
uint64_t tr_xstd_lines(const struct tr_xstd *xstd);
/* How many threads, locks and variables the text names. */
uint32_t tr_xstd_threads(const struct tr_xstd *xstd);
uint32_t tr_xstd_locks(const struct tr_xstd *xstd);
uint32_t tr_xstd_variables(const struct tr_xstd *xstd);
const char *tr_xstd_thread_name(const struct tr_xstd *xstd, uint32_t thread);
/* The name of what lies at ADDRESS, a variable or an object; NULL for an address that is told as a
 * number. */
const char *tr_xstd_name(const struct tr_xstd *xstd, uint64_t address);
void tr_xstd_close(struct tr_xstd *xstd);

/* Has this beginning of a text a line with a word that plain STD has not? */
bool tr_xstd_looks_like(const void *bytes, size_t size);

#endif
