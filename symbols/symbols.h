/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and places for what the analyses know by address: frames with inlined calls, globals with
 * their declaration, locks and variables as the programmer knows them. By elfutils' libdwfl,
 * offline, from the modules that the trace names.
 *
 *     struct sn_symbols *symbols = sn_symbols_open(reader, &options);
 *     sn_symbols_report(symbols, &report, first, 0);     // all findings from index FIRST on
 *     sn_symbols_close(symbols);
 */
#ifndef SN_SYMBOLS_SYMBOLS_H
#define SN_SYMBOLS_SYMBOLS_H

#include "finding/finding.h"
#include "trace/reader.h"

struct sn_symbols_options {
    const char *source_root; /* or NULL */
    const char *sysroot;
    const char *debug_path;
};

struct sn_symbols;

struct sn_symbols *sn_symbols_open(const struct tr_reader *reader,
                                   const struct sn_symbols_options *options);
void sn_symbols_close(struct sn_symbols *symbols);

/*
 * Resolves every frame (which carries only its pc) of the findings from index FIRST on: function,
 * file, line, column, module, offset; a frame of inlined calls becomes several. Names locks and
 * variables. So it does for what is drawn, and told of locking, of the latest process. Rewrites
 * titles and explanations:
 * "%LOCK 3%", "%VARIABLE%" in them stand for the names, which only now are known.
 *
 * PROCESS: 0, or the id of the process whose trace the symbols are of: then only what is of that
 * process, for findings with sites of several, each of which has its own symbols.
 */
void sn_symbols_report(struct sn_symbols *symbols, struct sn_report *report, size_t first,
                       uint32_t process);

/* One place, for dump: fills FRAME from its pc. Strings belong to SYMBOLS. */
void sn_symbols_frame(struct sn_symbols *symbols, struct sn_frame *frame);

#endif
