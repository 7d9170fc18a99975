/* SPDX-License-Identifier: Apache-2.0 */
/* The report as finding/json.h writes it; the options say nothing to a program. */
#include "finding/json.h"
#include "report/renderer.h"

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    (void)options;
    sn_json_write(out, report);
}

const struct sn_renderer sn_render_json = {.name = "json", .render = render};
