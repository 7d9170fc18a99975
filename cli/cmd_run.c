/* SPDX-License-Identifier: Apache-2.0 */
/* Record, analyze, report; the traces go, unless -o asked for them. */
#include "cli/assemble.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/recording.h"
#include "cli/trouble.h"

#include <signal.h>
#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_RECORD | SN_OPTIONS_REPORT | SN_OPTIONS_GATE | SN_OPTIONS_BASELINE |
              SN_OPTIONS_SUPPRESS | SN_OPTIONS_GENERATE | SN_OPTIONS_EXIT | SN_OPTIONS_ANALYSIS |
              SN_OPTIONS_SOURCE | SN_OPTIONS_SYMBOLS | SN_OPTIONS_LOG,
    .arguments = "-- PROGRAM [ARGUMENT...]",
    .least = 1,
    .most = -1,
    .program = true,
    .trouble = SN_EXIT_SNARL,
    .help = "Run PROGRAM, record what its threads do, and report hazards: on stderr, or to the "
            "file of --log-file. PROGRAM's own input, output and signals are untouched.",
    .more =
        "Exit codes: PROGRAM's own (128+N after signal N) when nothing is gated; 66 for a gated "
        "finding, or when PROGRAM was stopped because of a deadlock or another hang that is "
        "certain; 124 after --timeout; 125 "
        "when snarl failed or could not record; 126 or 127 when PROGRAM cannot be executed or "
        "found.",
};

static void fill_program(struct sn_report *report, const struct sn_settings *settings,
                         const struct sn_outcome *outcome)
{
    report->argc = (size_t)settings->argument_count;
    report->argv = (const char **)settings->arguments;
    report->pid = outcome->pid;
    report->exit_status = outcome->exit_status;
    report->signal = outcome->signal;
    report->timed_out = outcome->timed_out;
    report->stood_still = outcome->stood_still;
    report->seconds = outcome->seconds;
}

static const char *why_no_accesses(const struct sn_settings *settings,
                                   const struct sn_recording *recording)
{
    if (settings->accesses == SN_ACCESSES_NONE)
        return "--accesses=none";
    return recording->instrumented ? NULL : "its code could not be rewritten here";
}

static int assemble(struct sn_assembly *assembly, const struct sn_recording *recording,
                    struct sn_error *err)
{
    assembly->no_accesses = why_no_accesses(assembly->settings, recording);
    assembly->analysis.timed_out = recording->outcome.timed_out;
    assembly->analysis.ends = recording->outcome.ends.of.at;
    assembly->analysis.ends_count = recording->outcome.ends.of.count;
    fill_program(&assembly->report, assembly->settings, &recording->outcome);
    vec_each (const char *const, gap, &recording->gaps)
        sn_assembly_warn(assembly, "%s", *gap);
    vec_each (const char *const, trace, &recording->traces) {
        struct sn_error trouble;
        char text[1024];
        bool living = false;
        vec_each (const char *const, one, &recording->living)
            living |= strcmp(*one, *trace) == 0;
        if (sn_assembly_add(assembly, *trace, living, &trouble) < 0)
            sn_assembly_warn(assembly, "%s", sn_error_format(&trouble, text, sizeof text));
    }
    if (!assembly->traces)
        return sn_fail(err, SN_E_FORMAT, NULL, SN_NO_OFFSET, "no trace of the program can be read");
    sn_assembly_finish(assembly);
    return 0;
}

/* The exit code once the program has run and its traces are there. */
static int tell(struct sn_assembly *assembly, const struct sn_recording *recording,
                struct sn_output *output)
{
    struct sn_error err;
    if (assemble(assembly, recording, &err) < 0 ||
        sn_output_report(output, &assembly->report, &err) < 0) {
        sn_say_error("", &err);
        return SN_EXIT_SNARL;
    }
    if (assembly->report.gated || recording->outcome.deadlock_pid || recording->outcome.stood_still)
        return assembly->settings->error_exitcode;
    return sn_recording_exit_code(recording);
}

static int run(struct sn_assembly *assembly, struct sn_output *output)
{
    const struct sn_settings *settings = assembly->settings;
    struct sn_recording recording;
    int code = sn_recording_make(&recording, settings, true, !settings->output);
    signal(SIGPIPE, SIG_IGN); /* a report that nobody reads is trouble, and no reason to die of */
    if (code == 0)
        code = tell(assembly, &recording, output);
    sn_recording_release(&recording);
    return code;
}

int sn_cmd_run(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_assembly assembly;
    struct sn_output output = {0};
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int code = SN_EXIT_SNARL;
    if (sn_assembly_init(&assembly, &settings, &err) < 0 ||
        sn_output_open(&output, &settings, STDERR_FILENO, &err) < 0) {
        sn_say_error("", &err);
    } else {
        assembly.told_in_text = sn_output_has_text(&output, STDERR_FILENO);
        code = run(&assembly, &output);
    }
    sn_output_close(&output);
    sn_assembly_release(&assembly);
    sn_settings_release(&settings);
    return code;
}
