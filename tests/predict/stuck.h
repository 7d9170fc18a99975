/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits that only one thread ends, found in a run of operations; and whether a witness of a
 * deadlock holds: from where it ends, all that the threads of the run could still do is done in all
 * orders, and none of its parties ever goes on. Slow, for small runs, and without a look at
 * analyzer/predict.
 */
#ifndef SN_TESTS_PREDICT_STUCK_H
#define SN_TESTS_PREDICT_STUCK_H

#include "analyzer/predict/witness.h"

/* Fills in run->awaits: a RECEIVE of a channel on which one other thread sends, or several once
 * each, as at a barrier; a WAIT of the only thread that waits, where one other posts. */
void stuck_find_awaits(struct an_run *run);

/* 1: none of its parties goes on in any order. 0: one does. -1: there are more states than LIMIT.
 */
int stuck_for_good(const struct an_run *run, const struct an_witness *witness, size_t limit);

#endif
