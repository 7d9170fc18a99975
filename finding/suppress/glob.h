/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs of suppressions: `*` is any text, `?` one character, and a backslash takes the next
 * character as it is. Brackets mean themselves: names of C++ are full of them.
 */
#ifndef SN_FINDING_SUPPRESS_GLOB_H
#define SN_FINDING_SUPPRESS_GLOB_H

#include "base/text.h"

#include <stdbool.h>

/* Does GLOB match the whole of TEXT? Takes no longer than the product of their lengths. */
bool sn_glob(const char *glob, const char *text);
/* The same for the whole of PATH, or for what follows one of its slashes. */
bool sn_glob_path(const char *glob, const char *path);
/* Is there nothing in GLOB but wildcards? */
bool sn_glob_is_open(const char *glob);
/* Has GLOB a wildcard? */
bool sn_glob_has_wildcard(const char *glob);
/* Appends the glob of LENGTH bytes that matches them. What is no printable ASCII becomes `?`. */
void sn_glob_quote(struct sn_text *out, const char *text, size_t length);

#endif
