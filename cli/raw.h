/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw results of one trace (`analyze --list`): races by one relation, deadlocks by one method, and
 * a summary, a line each on stdout. No finding, no gate.
 *
 *     race FIRST SECOND VARIABLE
 *     deadlock EVENT EVENT [EVENT...]
 *     summary EVENTS THREADS LOCKS VARIABLES RACY_EVENTS RACY_VARIABLES DEADLOCKS
 *
 * Without a summary the results are not complete: the trace could not be read to its end.
 */
#ifndef SN_CLI_RAW_H
#define SN_CLI_RAW_H

#include "base/error.h"
#include "cli/options.h"

/* Of the trace at PATH, with what SETTINGS ask for. */
int sn_raw_list(const struct sn_settings *settings, const char *path, struct sn_error *err);

#endif
