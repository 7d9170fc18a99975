/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a JSON report. What is accepted is written as a fixed point, and told as text that
 * holds nothing but printable characters.
 */
#include "finding/gate.h"
#include "finding/json.h"
#include "report/renderer.h"

#include <stdlib.h>
#include <string.h>

static struct sn_text rendered(const struct sn_report *report, const char *format, bool verbose)
{
    struct sn_text text = {0};
    const struct sn_render_options options = {.verbose = verbose};
    sn_renderer_by_name(format)->render(&text, report, &options);
    return text;
}

static void check_text(struct sn_report *report, bool verbose)
{
    struct sn_text text = rendered(report, "text", verbose);
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n')
            abort();
    sn_text_release(&text);
}

static void check_report(struct sn_report *report)
{
    struct sn_report again;
    struct sn_gate gate;
    struct sn_text first = rendered(report, "json", false);
    if (sn_json_parse(&again, first.at, first.length, NULL) < 0)
        abort();
    struct sn_text second = rendered(&again, "json", false);
    if (strcmp(first.at, second.at) != 0)
        abort();
    sn_text_release(&first);
    sn_text_release(&second);

    check_text(report, true);
    sn_report_fingerprint(report);
    sn_report_apply_baseline(report, &again);
    sn_gate_default(&gate);
    sn_report_summarize(report, &gate);
    check_text(report, false);
    sn_report_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct sn_report report;
    struct sn_error err;
    if (sn_json_parse(&report, (const char *)bytes, size, &err) == 0)
        check_report(&report);
    else if (err.code >= 0 || !err.text[0])
        abort();
    sn_report_release(&report);
    return 0;
}
