/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REC_ACCESS_REWRITE_TOLD_H
#define REC_ACCESS_REWRITE_TOLD_H

#include <stdbool.h>

/* Code: where checks go on. It comes back by REC_REWRITE_GO_ON, a jump to RW_SLOT_TARGET, of which
 * each image has one. */
extern const char rec_rewrite_checked[] __attribute__((visibility("hidden")));
extern const void *rec_rewrite_go_on __attribute__((visibility("hidden")));

/* Can this machine go there? */
bool rec_rewrite_can_tell(void);

#endif
