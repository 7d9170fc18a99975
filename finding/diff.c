/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/diff.h"

#include "finding/index.h"

/* Was the reader of that report told of a finding with this id? */
static bool is_known(const struct sn_index *reported, const char *id)
{
    const struct sn_finding *finding = sn_index_find(reported, id);
    return finding && finding->status != SN_SUPPRESSED;
}

void sn_diff_init(struct sn_diff *diff, const struct sn_report *before,
                  const struct sn_report *after)
{
    struct sn_index old, new;
    sn_index_init(&old, before);
    sn_index_init(&new, after);
    *diff = (struct sn_diff){0};
    vec_each (struct sn_finding *, finding, &after->findings) {
        if ((*finding)->status == SN_SUPPRESSED)
            *vec_push(&diff->suppressed) = *finding;
        else if (is_known(&old, (*finding)->id))
            *vec_push(&diff->unchanged) = *finding;
        else
            *vec_push(&diff->added) = *finding;
    }
    vec_each (struct sn_finding *, finding, &before->findings)
        if ((*finding)->status != SN_SUPPRESSED && !sn_index_find(&new, (*finding)->id))
            *vec_push(&diff->fixed) = *finding;
    sn_index_release(&old);
    sn_index_release(&new);
}

void sn_diff_release(struct sn_diff *diff)
{
    vec_release(&diff->added);
    vec_release(&diff->fixed);
    vec_release(&diff->unchanged);
    vec_release(&diff->suppressed);
}
