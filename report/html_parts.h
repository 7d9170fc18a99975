/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data of the HTML page, part by part: what it shows of a finding, and of an activity. The
 * page and the program that fills it are built together, so the form is theirs alone: whoever wants
 * to read a report reads the JSON one.
 */
#ifndef SN_REPORT_HTML_PARTS_H
#define SN_REPORT_HTML_PARTS_H

#include "finding/activity.h"
#include "report/html_page.h"
#include "report/html_places.h"

#include <jansson.h>

/* A story's threads, locks, sites and what they say, in the words of the text report. */
json_t *sn_html_finding(struct sn_html_places *places, const struct sn_report *report,
                        const struct sn_finding *finding);
/* The parties and sites of FINDING alone, into OBJECT: "threads", "locks", "sites". If it is the
 * cast of an ACTIVITY, which may be NULL, its sites are told as such. */
void sn_html_cast(json_t *object, struct sn_html_places *places, const struct sn_report *report,
                  const struct sn_finding *finding, const struct sn_activity *activity);
/* What ACTIVITY is about; with its SPANS, or without. */
json_t *sn_html_activity(struct sn_html_places *places, const struct sn_report *report,
                         const struct sn_activity *activity, bool spans);

#endif
