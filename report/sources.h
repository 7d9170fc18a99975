/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of source files, where the files can be found here. Paths come from debug information of
 * programs that may have been built elsewhere: a file is looked for as it is named, below the
 * source root with fewer and fewer of its leading directories, and by its base name in the current
 * directory. Only regular files of sensible size are read.
 *
 * For others, who look for files in a checkout, a path is told from the source root on.
 */
#ifndef SN_REPORT_SOURCES_H
#define SN_REPORT_SOURCES_H

#include "base/vec.h"

#include <stdint.h>

struct sn_source_file;

struct sn_sources {   /* all zero, but for root, is an empty one */
    const char *root; /* or NULL */
    struct sn_arena arena;
    VEC(struct sn_source_file *) files; /* those looked for so far, found or not */
    const char *absolute_root;          /* of the root, or of the current directory; or NULL */
};

/* Line LINE (from 1) of PATH without its newline, in SOURCES; NULL if there is none. */
const char *sn_sources_line(struct sn_sources *sources, const char *path, uint32_t line);
/* PATH from the root on, or from the current directory if there is none: "src/garlic.c". It is
 * relative, holds no "..", and lives in SOURCES. What lies outside is looked for below the root as
 * its lines are. NULL if it is not there either; a relative path is taken for one below the root.
 */
const char *sn_sources_within(struct sn_sources *sources, const char *path);
void sn_sources_release(struct sn_sources *sources);

#endif
