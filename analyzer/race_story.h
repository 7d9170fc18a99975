/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report says of two accesses that race, whichever analysis has found them.
 */
#ifndef SN_ANALYZER_RACE_STORY_H
#define SN_ANALYZER_RACE_STORY_H

#include "analyzer/compose.h"

/* Adds the finding. They meet at ADDRESS. WHY is a sentence on what fails to order them: "nothing
 * orders the two: ..." */
struct sn_finding *an_race_tell(const struct an_context *ctx, enum sn_level level,
                                const struct an_access *a, const struct an_access *b,
                                uint64_t address, struct sn_variable *variable, const char *why);
/* Why the two may be no race for all that machine code tells; NULL: they are one. Where it is known
 * what the later one's thread knew (`past`), by moments, else by threads (world/publication.h). */
const char *an_race_doubt(const struct an_context *ctx, const struct an_access *a,
                          const struct an_access *b, uint64_t address);
bool an_both_write(const struct an_access *a, const struct an_access *b);

#endif
