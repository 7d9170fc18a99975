/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread waits for, as a report says it: "for a post of %LOCK 3%", "for input ...". */
#ifndef SN_ANALYZER_WAIT_STORY_H
#define SN_ANALYZER_WAIT_STORY_H

#include "analyzer/compose.h"

const char *an_wait_text(const struct an_context *ctx, const struct an_wait *wait);
/* What is waited for as the object of a site: NULL for a channel, or a thread. */
static inline const struct an_object *an_wait_object(const struct an_wait *wait)
{
    return wait->kind == AN_WAIT_OUTSIDE ? NULL : wait->object;
}
/* Appends THREAD's wait as a site, with the locks that it holds; valid until the next site. */
struct sn_site *an_wait_site(const struct an_context *ctx, struct sn_finding *finding,
                             const struct an_thread *thread);

#endif
