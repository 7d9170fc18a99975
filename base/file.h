/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SN_BASE_FILE_H
#define SN_BASE_FILE_H

#include "base/error.h"

/* Everything in the file at PATH, a pipe too: *BYTES, to be freed, with a zero behind its *SIZE
 * bytes. More than MOST is refused in the words TOO_LARGE. On trouble negative, ERR (may be NULL)
 * filled, and nothing to be freed. */
int sn_file_read(const char *path, size_t most, const char *too_large, char **bytes, size_t *size,
                 struct sn_error *err);

#endif
