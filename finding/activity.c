/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/activity.h"

void sn_activity_release(struct sn_activity *activity)
{
    sn_finding_release(&activity->cast);
    vec_release(&activity->lives);
    vec_release(&activity->uses);
    vec_release(&activity->spans);
    vec_release(&activity->order);
}
