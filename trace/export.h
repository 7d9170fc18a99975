/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace as STD or extended STD text, in the reader's order.
 *
 *     struct tr_export export;
 *     tr_export_init(&export, reader, true);
 *     while (tr_reader_next(reader, &ev, &err) > 0)
 *         tr_export_event(&export, &ev, &out);
 *     tr_export_finish(&export, &out);
 *     ... export.left_out
 *     tr_export_release(&export);
 *
 * Threads are called T0, T1 ... by their numbers, all else by its address; in STD each address at
 * which an access begins is a variable. The location is that of the innermost frame: its offset in
 * its module, or its address, cut to a positive number of 32 bits.
 */
#ifndef SN_TRACE_EXPORT_H
#define SN_TRACE_EXPORT_H

#include "base/map.h"
#include "base/text.h"
#include "trace/reader.h"
#include "trace/xstd_words.h"

struct tr_export {
    const struct tr_reader *reader;
    bool extended;
    uint64_t left_out[TR_KINDS]; /* events for which there was no word */
    struct tr_xwords words;
    struct tr_event held; /* a wake, until it is known whether the mutex comes next; or kind 0 */
    struct sn_map stores; /* of each atomic: how many there were */
};

void tr_export_init(struct tr_export *export, const struct tr_reader *reader, bool extended);
/* Appends the lines that EV completes. */
void tr_export_event(struct tr_export *export, const struct tr_event *ev, struct sn_text *out);
void tr_export_finish(struct tr_export *export, struct sn_text *out);
/* How many events there was no word for, but for those that say nothing of what happened: names,
 * modules, a thread's start. */
uint64_t tr_export_left_out(const struct tr_export *export);
void tr_export_release(struct tr_export *export);

#endif
