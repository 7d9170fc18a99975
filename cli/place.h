/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the traces of a run go: a pattern for the recorder, with %e and %p, always absolute, since
 * a child may have gone to another directory.
 */
#ifndef SN_CLI_PLACE_H
#define SN_CLI_PLACE_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct sn_place {
    char pattern[PATH_MAX];
    char directory[PATH_MAX]; /* our own, for traces that are not kept; empty: there is none */
};

/*
 * OUTPUT is what -o said, or NULL: then snarl.%e.%p in the working directory or, for traces that
 * are not to be kept (DISCARD), in a directory of their own, which the program does not see next to
 * its files. A name without % is free afterwards: an earlier file has been removed. Fails if it is
 * clear by now that nothing can be written there.
 */
int sn_place_init(struct sn_place *place, const char *output, bool discard, struct sn_error *err);
/* Calls FOUND for every file in the place's own directory, in order of their names; false if it has
 * none. */
bool sn_place_each(const struct sn_place *place, void (*found)(void *, const char *path),
                   void *data);
/* Removes the place's own directory with all that is in it. */
void sn_place_release(struct sn_place *place);

/* Removes the file if it is a trace: for names that others wrote. Safe in a signal handler. */
void sn_place_remove_trace(const char *path);

#endif
