/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes of the tree are recorded (--follow). */
#ifndef REC_CORE_FOLLOW_H
#define REC_CORE_FOLLOW_H

#include "interpose/core/rec.h"

/* Is this process, which runs the executable at path PROGRAM, called as CALLED, to be recorded? */
bool rec_follows(const char *program, const char *called);
/* And the fork children of one that is? */
bool rec_follows_children(void);
/* Can what this process executes (NEW_PROCESS: as a child of its own) be one? */
bool rec_follows_through_exec(bool new_process);
/* Does NAME match the pattern from PATTERN to LIMIT? */
bool rec_follow_matches(const char *pattern, const char *limit, const char *name);
/* Is the file at PATH on a LIST of patterns by comma? The last one that matches counts: with `!` in
 * front it says that it is not. OTHERWISE: where none matches. */
bool rec_is_listed(const char *list, const char *path, bool otherwise);

#endif
