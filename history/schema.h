/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a history, and how a database comes to have them. Each version of snarl that
 * changes them adds a step, and never changes one that was published.
 *
 *     snarl_history   one row: the version, which is the number of steps that were taken
 *     snarl_run       what one `snarl history add` has added: when, and of which commit
 *     snarl_report    each report of a run, by the hash of what it says
 *     snarl_finding   each finding by its fingerprint, as the latest run has it
 *     snarl_sighting  which run has which finding
 */
#ifndef SN_HISTORY_SCHEMA_H
#define SN_HISTORY_SCHEMA_H

#include "history/store.h"

enum { SN_SCHEMA_VERSION = 1 };

/* Within a transaction. CREATE: one that writes, in which tables are made and brought up to date.
 * SN_E_EMPTY: there is no history; SN_E_VERSION: it is of a later version, or of an earlier one and
 * must not be changed; SN_E_FORMAT: the file is a database of something else. */
int sn_schema_check(struct sn_store *store, bool create, struct sn_error *err);

#endif
