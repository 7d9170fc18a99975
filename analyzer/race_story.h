/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says of two accesses that race, whichever analysis has found them.
 */
#ifndef SN_ANALYZER_RACE_STORY_H
#define SN_ANALYZER_RACE_STORY_H

#include "analyzer/compose.h"

/* Adds the finding. WHY is a sentence on what fails to order them: "nothing orders the two: ..." */
struct sn_finding *an_race_tell(const struct an_context *ctx, enum sn_level level,
                                const struct an_access *a, const struct an_access *b,
                                struct sn_variable *variable, const char *why);
bool an_both_write(const struct an_access *a, const struct an_access *b);

#endif
