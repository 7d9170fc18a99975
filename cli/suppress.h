/* SPDX-License-Identifier: Apache-2.0 */
/* The files of --suppressions. */
#ifndef SN_CLI_SUPPRESS_H
#define SN_CLI_SUPPRESS_H

#include "cli/options.h"
#include "finding/suppress/suppress.h"

/* Reads all of them; SUPPRESSIONS is to be released whether it succeeds or not. */
int sn_suppress_read(struct sn_suppressions *suppressions, const struct sn_settings *settings,
                     struct sn_error *err);
/* Applies them, as of today. */
void sn_suppress_apply(const struct sn_suppressions *suppressions, struct sn_report *report);

#endif
