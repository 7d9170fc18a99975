/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/locking.h"

const char *sn_use_kind_name(enum sn_use_kind kind)
{
    static const char *const names[] = {"read", "write", "atomic", "acquire", "release"};
    return kind < SN_USE_KINDS ? names[kind] : "read";
}

void sn_locking_release(struct sn_locking *locking)
{
    sn_finding_release(&locking->cast);
    vec_release(&locking->objects);
    vec_release(&locking->stacks);
    vec_release(&locking->variables);
    vec_release(&locking->uses);
}
