/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML page (report/html, built by npm) with data in it: one file that fetches nothing.
 */
#ifndef SN_REPORT_HTML_PAGE_H
#define SN_REPORT_HTML_PAGE_H

#include "report/renderer.h"

#include <jansson.h>

/* What the page shows of REPORT. */
json_t *sn_html_data(const struct sn_report *report, const struct sn_render_options *options);
/* Appends the page with DATA, which is given back. CONNECT is where it may fetch from, as a
 * Content-Security-Policy has it: "'none'". */
void sn_html_page(struct sn_text *out, json_t *data, const char *connect);

#endif
