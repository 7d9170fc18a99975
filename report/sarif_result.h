/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One finding as a result of SARIF. render_sarif.c makes the document around it.
 */
#ifndef SN_REPORT_SARIF_RESULT_H
#define SN_REPORT_SARIF_RESULT_H

#include "report/renderer.h"
#include "report/sources.h"

#include <jansson.h>
#include <stdbool.h>

struct sn_sarif {
    const struct sn_report *report;
    struct sn_sources sources;
    size_t results_cut, locations_cut, steps_cut; /* left out, since GitHub takes no more */
};

/* BASELINE is the result's baselineState, or NULL. */
json_t *sn_sarif_result(struct sn_sarif *sarif, const struct sn_finding *finding,
                        const char *baseline);

#endif
