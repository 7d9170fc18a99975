/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the suppressions, for the formats that people read. */
#ifndef SN_REPORT_SUPPRESSIONS_H
#define SN_REPORT_SUPPRESSIONS_H

#include "finding/finding.h"
#include "report/page.h"

/* "ours.supp:3: the counter is for statistics only". Unescaped. */
void sn_tell_suppressor(struct sn_text *out, const struct sn_suppressor *by);

/* A line for each suppression that has expired, one for those that matched nothing, one for those
 * that could not be compared, by the reason; verbose: each of them, and those that matched, too. */
void sn_page_suppressions(struct sn_page *page, const struct sn_report *report, bool verbose);

#endif
