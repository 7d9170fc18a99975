/* SPDX-License-Identifier: Apache-2.0 */
/* What `snarl history` shows, as text for people and as JSON (snarl-history/1, docs/HISTORY.md). */
#ifndef SN_CLI_HISTORY_RENDER_H
#define SN_CLI_HISTORY_RENDER_H

#include "history/history.h"
#include "report/renderer.h"

/* A finding, its runs, and a report that holds it as the latest of them has it. */
struct sn_history_story {
    const struct sn_history_finding *finding;
    struct sn_history_sightings sightings;
    struct sn_report report;
};

void sn_history_runs_text(struct sn_text *out, const struct sn_history_runs *runs,
                          const struct sn_render_options *options);
void sn_history_findings_text(struct sn_text *out, const struct sn_history_findings *findings,
                              const struct sn_render_options *options);
void sn_history_story_text(struct sn_text *out, const struct sn_history_story *story,
                           const struct sn_render_options *options);

void sn_history_runs_json(struct sn_text *out, const struct sn_history_runs *runs);
void sn_history_findings_json(struct sn_text *out, const struct sn_history_findings *findings);
void sn_history_story_json(struct sn_text *out, const struct sn_history_story *story);

#endif
