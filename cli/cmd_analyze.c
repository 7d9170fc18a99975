/* SPDX-License-Identifier: Apache-2.0 */
/* Traces that were recorded earlier, merged into one report. */
#include "cli/assemble.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trouble.h"

#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_REPORT | SN_OPTIONS_GATE | SN_OPTIONS_BASELINE | SN_OPTIONS_ANALYSIS |
              SN_OPTIONS_SOURCE | SN_OPTIONS_SYMBOLS | SN_OPTIONS_LOG,
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

static int analyze(const struct sn_settings *settings, struct sn_output *output)
{
    struct sn_report report;
    struct sn_assembly assembly;
    struct sn_error err;
    bool trouble = false;
    sn_assembly_init(&assembly, &report, settings);
    assembly.told_in_text = sn_output_has_text(output, STDERR_FILENO);
    for (int i = 0; i < settings->argument_count; i++) {
        if (sn_assembly_add(&assembly, settings->arguments[i], &err) == 0)
            continue;
        sn_say_error("", &err);
        report.complete = false;
        trouble = true;
    }
    bool gated = false;
    if (assembly.traces) {
        bool made = sn_assembly_finish(&assembly, &err) == 0;
        gated = report.gated > 0;
        if (!made || sn_output_report(output, &report, &err) < 0) {
            sn_say_error("", &err);
            trouble = true;
        }
    }
    trouble = trouble || (assembly.damaged && !gated); /* damage must not look like a pass */
    sn_report_release(&report);
    return trouble ? SN_EXIT_TROUBLE : gated;
}

int sn_cmd_analyze(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_output output;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int code = SN_EXIT_TROUBLE;
    if (sn_output_open(&output, &settings, STDOUT_FILENO, &err) < 0)
        sn_say_error("", &err);
    else
        code = analyze(&settings, &output);
    sn_output_close(&output);
    sn_settings_release(&settings);
    return code;
}
