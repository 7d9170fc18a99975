/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program, run and recorded: what `run` and `record` have in common.
 *
 *     struct sn_recording recording;
 *     int code = sn_recording_make(&recording, &settings, true, true);
 *     if (code == 0)
 *         ... recording.outcome, recording.traces
 *     sn_recording_release(&recording);
 */
#ifndef SN_CLI_RECORDING_H
#define SN_CLI_RECORDING_H

#include "base/arena.h"
#include "cli/control.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/supervise.h"

struct sn_recording {
    struct sn_arena arena;
    struct sn_place place;
    struct sn_control control;
    struct sn_outcome outcome;
    VEC(const char *) traces; /* absolute paths, the program's own first */
    VEC(const char *) living; /* those of them whose processes may still write */
    VEC(const char *) gaps;   /* sentences: processes that were not recorded */
    unsigned known;           /* processes of which it is known what became of their recording */
    bool discard;             /* remove the traces in the end */
    bool recorded;            /* at least one recorder could write, and stayed on */
    bool instrumented;        /* the program was built with -fsanitize=thread */
};

/*
 * 0: the program ran and was recorded. Otherwise the exit code (125 to 127) after the reason was
 * printed; the program may have run nevertheless (outcome.pid is not 0). With DISCARD the traces
 * are removed by release, or by a signal that ends snarl before.
 */
int sn_recording_make(struct sn_recording *recording, const struct sn_settings *settings,
                      bool stop_on_deadlock, bool discard);
/* The exit code when nothing is gated: the program's own, 128 and its signal, 124 after a time-out;
 * 125, and a line that says so, where every recorder gave up on the way. */
int sn_recording_exit_code(const struct sn_recording *recording);
void sn_recording_release(struct sn_recording *recording);

#endif
