/* SPDX-License-Identifier: Apache-2.0 */
/* Record only: the traces stay, and their names are told. A deadlocked program is left as it is. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/recording.h"
#include "cli/trouble.h"

#include <unistd.h>

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_RECORD | SN_OPTIONS_LOG,
    .arguments = "-- PROGRAM [ARGUMENT...]",
    .least = 1,
    .most = -1,
    .program = true,
    .trouble = SN_EXIT_SNARL,
    .help = "Run PROGRAM and record what its threads do, one trace for each process, for `snarl "
            "analyze`.",
    .more = "Exit codes: PROGRAM's own (128+N after signal N); 124 after --timeout; 125 when snarl "
            "failed or could not record; 126 or 127 when PROGRAM cannot be executed or found.",
};

static int tell(const struct sn_recording *recording, struct sn_output *output)
{
    struct sn_text text = {0};
    struct sn_error err;
    vec_each (const char *const, gap, &recording->gaps)
        sn_text_printf(&text, "snarl: warning: %s\n", *gap);
    vec_each (const char *const, trace, &recording->traces)
        sn_text_printf(&text, "snarl: trace written to %s\n", *trace);
    int ret = sn_output_text(output, text.at, text.length, &err);
    sn_text_release(&text);
    if (ret == 0)
        return sn_recording_exit_code(recording);
    sn_say_error("", &err);
    return SN_EXIT_SNARL;
}

int sn_cmd_record(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_output output;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int code = SN_EXIT_SNARL;
    if (sn_output_open(&output, &settings, STDERR_FILENO, &err) < 0) {
        sn_say_error("", &err);
    } else {
        struct sn_recording recording;
        code = sn_recording_make(&recording, &settings, false, false);
        if (code == 0)
            code = tell(&recording, &output);
        sn_recording_release(&recording);
    }
    sn_output_close(&output);
    sn_settings_release(&settings);
    return code;
}
