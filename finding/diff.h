/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two reports, by fingerprint.
 *
 *     struct sn_diff diff;
 *     sn_diff_init(&diff, &old, &new);
 *     sn_json_write_diff(&out, &diff);
 *     sn_diff_release(&diff);
 */
#ifndef SN_FINDING_DIFF_H
#define SN_FINDING_DIFF_H

#include "finding/finding.h"

struct sn_diff {
    VEC(const struct sn_finding *) added;     /* only in the new report */
    VEC(const struct sn_finding *) fixed;     /* only in the old one */
    VEC(const struct sn_finding *) unchanged; /* in both, as the new one has it */
    VEC(const struct sn_finding *)
    suppressed; /* in the new report; suppressed ones of the old one
                   are as if they were not in it */
};

/* Findings stay their reports': both must outlive DIFF. Order as in the reports. */
void sn_diff_init(struct sn_diff *diff, const struct sn_report *before,
                  const struct sn_report *after);
void sn_diff_release(struct sn_diff *diff);

#endif
