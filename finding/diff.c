/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/diff.h"

void sn_diff_init(struct sn_diff *diff, const struct sn_report *before,
                  const struct sn_report *after)
{
    *diff = (struct sn_diff){0};
    vec_each (struct sn_finding *, finding, &after->findings) {
        if (sn_report_find(before, (*finding)->id))
            *vec_push(&diff->unchanged) = *finding;
        else
            *vec_push(&diff->added) = *finding;
    }
    vec_each (struct sn_finding *, finding, &before->findings)
        if (!sn_report_find(after, (*finding)->id))
            *vec_push(&diff->fixed) = *finding;
}

void sn_diff_release(struct sn_diff *diff)
{
    vec_release(&diff->added);
    vec_release(&diff->fixed);
    vec_release(&diff->unchanged);
}
