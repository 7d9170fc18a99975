/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page (report/html, built by npm) with data in it: one file that fetches nothing.
 */
#ifndef SN_REPORT_HTML_PAGE_H
#define SN_REPORT_HTML_PAGE_H

#include "finding/activity.h"
#include "report/renderer.h"

#include <jansson.h>

enum { SN_HTML_SEVERAL = 8 }; /* a span's flag, beside those of enum sn_span_flag */

/* What the page shows of REPORT. If it is SERVED the page fetches spans by itself. */
json_t *sn_html_data(const struct sn_report *report, const struct sn_render_options *options,
                     bool served);
/* The spans of ACTIVITY that are there from FROM to UNTIL, as columns of numbers, each a string:
 * LEB128 in base64, which takes a quarter of what digits take. Of those shorter than GRAIN several
 * may be one. */
json_t *sn_html_spans(const struct sn_activity *activity, uint64_t from, uint64_t until,
                      uint64_t grain);
/* Appends the page with DATA, which is given back. CONNECT is where it may fetch from, as a
 * Content-Security-Policy has it: "'none'". */
void sn_html_page(struct sn_text *out, json_t *data, const char *connect);

#endif
