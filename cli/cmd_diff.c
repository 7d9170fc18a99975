/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two reports, compared by fingerprint. As text or JSON the difference itself is told; any other
 * format renders the new report, with what the old one had marked as known, and knows what is
 * fixed.
 */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/suppress.h"
#include "cli/trouble.h"
#include "finding/diff.h"
#include "finding/json.h"

#include <string.h>
#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_REPORT | SN_OPTIONS_GATE | SN_OPTIONS_SUPPRESS | SN_OPTIONS_SOURCE |
              SN_OPTIONS_LOG,
    .arguments = "OLD.json NEW.json",
    .least = 2,
    .most = 2,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Tell which findings of NEW.json are new, which of OLD.json are fixed, and which are "
            "in both, on stdout, or in the file of --log-file.",
    .more = "Exit codes: 0 when no new finding is gated, 1 for a new gated finding, 2 for trouble.",
};

struct comparison {
    const struct sn_report *after;
    struct sn_diff diff;
};

static void render(struct sn_text *text, const struct sn_output_target *target, const void *data,
                   const struct sn_render_options *options)
{
    const struct comparison *comparison = data;
    struct sn_render_options with_diff = *options;
    with_diff.diff = &comparison->diff;
    if (strcmp(target->renderer->name, "text") == 0)
        sn_render_diff(text, &comparison->diff, comparison->after, options);
    else if (strcmp(target->renderer->name, "json") == 0)
        sn_json_write_diff(text, &comparison->diff);
    else
        target->renderer->render(text, comparison->after, &with_diff);
}

/* The exit code. */
static int compare(const struct sn_settings *settings, struct sn_report *before,
                   struct sn_report *after, const struct sn_suppressions *suppressions)
{
    static const struct sn_gate nothing = {.none = true}; /* of what is over */
    struct sn_output output;
    struct sn_error err;
    struct comparison comparison = {.after = after};
    sn_suppress_apply(suppressions, before);
    sn_suppress_apply(suppressions, after);
    sn_report_apply_baseline(after, before);
    sn_report_summarize(after, &settings->gate);
    sn_report_summarize(before, &nothing);
    sn_diff_init(&comparison.diff, before, after);
    int ret = sn_output_open(&output, settings, STDOUT_FILENO, &err);
    if (ret == 0)
        ret = sn_output_render(&output, render, &comparison, &err);
    if (ret == 0)
        ret = sn_output_summarize(&output, after, &comparison.diff, &err);
    if (ret < 0)
        sn_say_error("", &err);
    sn_output_close(&output);
    sn_diff_release(&comparison.diff);
    return ret < 0 ? SN_EXIT_TROUBLE : after->gated > 0;
}

int sn_cmd_diff(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_report before = {0}, after = {0};
    struct sn_suppressions suppressions;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int code = SN_EXIT_TROUBLE;
    if (sn_suppress_read(&suppressions, &settings, &err) < 0 ||
        sn_json_read(&before, settings.arguments[0], &err) < 0 ||
        sn_json_read(&after, settings.arguments[1], &err) < 0)
        sn_say_error("", &err);
    else
        code = compare(&settings, &before, &after, &suppressions);
    sn_report_release(&before);
    sn_report_release(&after);
    sn_suppressions_release(&suppressions);
    sn_settings_release(&settings);
    return code;
}
