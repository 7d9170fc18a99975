/* SPDX-License-Identifier: Apache-2.0 */
/* Traces that were recorded earlier, merged into one report. */
#include "cli/assemble.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/raw.h"
#include "cli/trouble.h"

#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_REPORT | SN_OPTIONS_GATE | SN_OPTIONS_BASELINE | SN_OPTIONS_SUPPRESS |
              SN_OPTIONS_GENERATE | SN_OPTIONS_ANALYSIS | SN_OPTIONS_SOURCE | SN_OPTIONS_SYMBOLS |
              SN_OPTIONS_LOG | SN_OPTIONS_RAW | SN_OPTIONS_INPUT,
    .arguments = "TRACE...",
    .least = 1,
    .most = -1,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Analyze traces that `snarl record` wrote, several of them as one run, and report "
            "hazards on stdout, or to the file of --log-file.",
    .more = "Exit codes: 0 when nothing is gated, 1 for a gated finding, 2 for trouble: an input "
            "that cannot be read, is empty or damaged. Of a trace that was cut off, what precedes "
            "the cut is analyzed.",
};

/* The exit code. */
static int analyze(struct sn_assembly *assembly, struct sn_output *output)
{
    const struct sn_settings *settings = assembly->settings;
    struct sn_error err;
    bool trouble = false;
    for (int i = 0; i < settings->argument_count; i++) {
        if (sn_assembly_add(assembly, settings->arguments[i], false, &err) == 0)
            continue;
        sn_say_error("", &err);
        assembly->report.complete = false;
        trouble = true;
    }
    if (!assembly->traces)
        return SN_EXIT_TROUBLE;
    sn_assembly_finish(assembly);
    if (sn_output_report(output, &assembly->report, &err) < 0) {
        sn_say_error("", &err);
        trouble = true;
    }
    bool gated = assembly->report.gated > 0;
    trouble |= assembly->damaged && !gated; /* damage must not look like a pass */
    return trouble ? SN_EXIT_TROUBLE : gated;
}

static int list(const struct sn_settings *settings)
{
    struct sn_error err;
    int code = settings->argument_count == 1
                   ? sn_raw_list(settings, settings->arguments[0], &err)
                   : sn_fail(&err, SN_E_USAGE, NULL, SN_NO_OFFSET, "--list takes one trace");
    if (code < 0)
        sn_say_error("", &err);
    return code < 0 ? SN_EXIT_TROUBLE : 0;
}

static int report(const struct sn_settings *settings)
{
    struct sn_assembly assembly;
    struct sn_output output = {0};
    struct sn_error err;
    int code = SN_EXIT_TROUBLE;
    if (sn_assembly_init(&assembly, settings, &err) < 0 ||
        sn_output_open(&output, settings, STDOUT_FILENO, &err) < 0)
        sn_say_error("", &err);
    else
        code = analyze(&assembly, &output);
    sn_output_close(&output);
    sn_assembly_release(&assembly);
    return code;
}

int sn_cmd_analyze(int argc, char **argv)
{
    struct sn_settings settings;
    sn_settings_parse(&settings, &usage, argc, argv);
    int code = SN_EXIT_TROUBLE;
    if (settings.list)
        code = list(&settings);
    else
        code = report(&settings);
    sn_settings_release(&settings);
    return code;
}
