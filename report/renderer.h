/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report in one of the formats that people and programs read. A format is a file render_NAME.c
 * with a `struct sn_renderer`, and its line in renderers.def.
 */
#ifndef SN_REPORT_RENDERER_H
#define SN_REPORT_RENDERER_H

#include "base/text.h"
#include "finding/finding.h"

struct sn_diff;

struct sn_render_options {
    bool color;
    bool verbose;   /* all frames, all sites */
    unsigned width; /* columns; 0 means 100 */
    const char *source_root;
    bool gen_suppressions;      /* text: a suppression for each finding that has none */
    const struct sn_diff *diff; /* what `snarl diff` found, if it is that which renders; or NULL */
};

struct sn_renderer {
    const char *name;
    /* Appends the report, complete. */
    void (*render)(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options);
    /* NULL, or: appends what belongs at the end of the file that the environment variable
     * SUMMARY_VARIABLE names, if it is set. */
    void (*summary)(struct sn_text *out, const struct sn_report *report,
                    const struct sn_render_options *options);
    const char *summary_variable;
    /* How many spans of what threads did (finding/activity.h) it draws at most; 0: none. */
    uint32_t spans;
    bool locking;    /* it tells what was accessed under which locks (finding/locking.h) */
    bool only_draws; /* it needs a trace: a report tells nothing that it shows */
};

/* Appends the story of one finding as the text report tells it, whatever its status is. */
void sn_render_finding(struct sn_text *out, const struct sn_report *report,
                       const struct sn_finding *finding, const struct sn_render_options *options);

/* Appends what `snarl diff` found, as text: a line for each new and each fixed finding (verbose:
 * unchanged and suppressed ones too), what became of the suppressions, which AFTER, the new report,
 * knows, then the counts. */
void sn_render_diff(struct sn_text *out, const struct sn_diff *diff, const struct sn_report *after,
                    const struct sn_render_options *options);

/* The renderer of that name, or NULL. */
const struct sn_renderer *sn_renderer_by_name(const char *name);
/* All of them; NULL ends them. */
const struct sn_renderer *const *sn_renderers(void);

#endif
