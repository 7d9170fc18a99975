/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of source files, where the files can be found here. Paths come from debug information of
 * programs that may have been built elsewhere: a file is looked for as it is named, below the
 * source root with fewer and fewer of its leading directories, and by its base name in the current
 * directory. Only regular files of sensible size are read.
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
};

/* Line LINE (from 1) of PATH without its newline, in SOURCES; NULL if there is none. */
const char *sn_sources_line(struct sn_sources *sources, const char *path, uint32_t line);
void sn_sources_release(struct sn_sources *sources);

#endif
