/* SPDX-License-Identifier: Apache-2.0 */
/* A report that was saved as JSON, in another format. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/suppress.h"
#include "cli/trouble.h"
#include "finding/json.h"

#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_REPORT | SN_OPTIONS_SUPPRESS | SN_OPTIONS_GENERATE | SN_OPTIONS_SOURCE |
              SN_OPTIONS_LOG,
    .arguments = "FINDINGS.json",
    .least = 1,
    .most = 1,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Render the findings of an earlier --json again, on stdout, or to the file of "
            "--log-file.",
    .more = "Exit codes: 0, or 2 for trouble.",
};

/* Which findings gated when the report was made is not written down: the default of --fail-on
 * counts. */
static int suppress(struct sn_report *report, const struct sn_settings *settings,
                    struct sn_error *err)
{
    struct sn_suppressions suppressions;
    int code = sn_suppress_read(&suppressions, settings, err);
    if (code == 0 && settings->suppressions.count) {
        sn_suppress_apply(&suppressions, report);
        sn_report_summarize(report, &settings->gate);
    }
    sn_suppressions_release(&suppressions);
    return code;
}

int sn_cmd_report(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_output output;
    struct sn_report report;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    /* Read first: the output may replace the input. */
    int ret = sn_json_read(&report, settings.arguments[0], &err);
    if (ret == 0)
        ret = suppress(&report, &settings, &err);
    if (ret == 0) {
        ret = sn_output_open(&output, &settings, STDOUT_FILENO, &err);
        if (ret == 0)
            ret = sn_output_report(&output, &report, &err);
        sn_output_close(&output);
    }
    if (ret < 0)
        sn_say_error("", &err);
    sn_report_release(&report);
    sn_settings_release(&settings);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}
