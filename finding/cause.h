/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings that most likely have one cause: of one kind, and in the same functions, or about the
 * same variable. One missing lock makes dozens of races; whoever reads of the first need not read
 * of the others. A guess: it hides nothing and gates nothing.
 */
#ifndef SN_FINDING_CAUSE_H
#define SN_FINDING_CAUSE_H

#include "finding/finding.h"

/* Sets `cause` of each finding that shares one with others: the id of the first of them in the
 * report's order. Needs ids. */
void sn_report_causes(struct sn_report *report);

#endif
