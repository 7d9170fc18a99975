/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which reads of a recorded run are sure to have read what the trace says. A recorder tells of an
 * access just before or after it is made: of two that nothing orders, the other may have been
 * first. So a read is in doubt if it is unordered with a write of its variable that stands next to
 * it, or with one of two unordered writes before it.
 */
#ifndef SN_ANALYZER_PREDICT_DOUBT_H
#define SN_ANALYZER_PREDICT_DOUBT_H

#include "analyzer/predict/run.h"

/* Fills in RUN's doubts. */
void an_run_doubt(struct an_run *run);

#endif
