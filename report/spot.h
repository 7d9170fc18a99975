/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a finding is, for readers that put a mark at a line of a file: a path below the source
 * root, and a region of that line.
 */
#ifndef SN_REPORT_SPOT_H
#define SN_REPORT_SPOT_H

#include "base/text.h"
#include "finding/finding.h"
#include "report/sources.h"

struct sn_spot {
    const char *path;  /* below the source root; else a module's name, as a path; NULL: nothing */
    bool is_source;    /* the path is a source file's */
    uint32_t line;     /* from 1, also where nobody knows it */
    uint32_t column;   /* from 1, in characters: as said, or where the line's text begins */
    uint32_t end;      /* the column behind the region, as far as the line is known */
    uint32_t end_line; /* mostly the same line */
};

/* The spot of FRAME, which may be NULL. Its strings are those of FRAME or of SOURCES. */
struct sn_spot sn_spot_of_frame(struct sn_sources *sources, const struct sn_frame *frame);
/* The innermost frame of one's own code that has a source below the root, else sn_stack_place. */
const struct sn_frame *sn_spot_frame(struct sn_sources *sources, const struct sn_stack *stack);
/* The same of the stack's frame. */
struct sn_spot sn_spot_of_stack(struct sn_sources *sources, const struct sn_stack *stack);
/* "src/garlic.c:14" below the source root, else as sn_tell_place says it; nothing for no stack. */
void sn_tell_spot(struct sn_text *out, struct sn_sources *sources, const struct sn_stack *stack);
/* The best one of FINDING: of its sites in order, else of its variable, its threads and its locks.
 * Without any source it is the first site's module, else the program, or the word "program". */
struct sn_spot sn_spot_of_finding(struct sn_sources *sources, const struct sn_report *report,
                                  const struct sn_finding *finding);

#endif
