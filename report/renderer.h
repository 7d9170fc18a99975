/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report in one of the formats that people and programs read. A format is a file render_NAME.c
 * with a `struct sn_renderer`, and its line in renderers.def.
 */
#ifndef SN_REPORT_RENDERER_H
#define SN_REPORT_RENDERER_H

#include "base/text.h"
#include "finding/finding.h"

struct sn_render_options {
    bool color;
    bool verbose;   /* all frames, all sites */
    unsigned width; /* columns; 0 means 100 */
    const char *source_root;
    bool gen_suppressions; /* text: a suppression for each finding that has none */
};

struct sn_renderer {
    const char *name;
    /* Appends the report, complete. */
    void (*render)(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options);
};

struct sn_diff;

/* Appends what `snarl diff` found, as text: a line for each new and each fixed finding (verbose:
 * unchanged and suppressed ones too), what became of the suppressions, which AFTER, the new report,
 * knows, then the counts. */
void sn_render_diff(struct sn_text *out, const struct sn_diff *diff, const struct sn_report *after,
                    const struct sn_render_options *options);

/* The renderer of that name, or NULL. */
const struct sn_renderer *sn_renderer_by_name(const char *name);
/* "text, json": for messages. */
const char *sn_renderer_names(void);

#endif
