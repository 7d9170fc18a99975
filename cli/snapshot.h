/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of the traces of all living processes, while these go on: FILE.snapshot-N beside each
 * FILE; in the working directory where the traces themselves will be deleted.
 */
#ifndef SN_CLI_SNAPSHOT_H
#define SN_CLI_SNAPSHOT_H

#include "cli/control.h"

/* Says on stderr which copies were made. HUNG: the program does not get on, and the copies are
 * called FILE.hang-N. HERE: in the working directory. */
void sn_snapshot_take(const struct sn_control *control, bool hung, bool here);

#endif
