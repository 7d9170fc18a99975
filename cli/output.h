/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where findings go. The files are opened before the work starts, so that a name that cannot be
 * written is told before a program has run for an hour.
 *
 *     struct sn_output output;
 *     if (sn_output_open(&output, &settings, STDERR_FILENO, &err) < 0)
 *         ...
 *     sn_output_report(&output, &report, &err);
 *     sn_output_close(&output);
 */
#ifndef SN_CLI_OUTPUT_H
#define SN_CLI_OUTPUT_H

#include "base/error.h"
#include "cli/options.h"
#include "finding/finding.h"

struct sn_output_target {
    const struct sn_renderer *renderer;
    int fd;
    const char *name; /* for messages */
    bool own;         /* to be closed */
};

/* Appends to TEXT what goes to TARGET. */
typedef void sn_output_renderer(struct sn_text *text, const struct sn_output_target *target,
                                const void *data, const struct sn_render_options *options);

struct sn_output {
    const struct sn_settings *settings;
    int stream; /* where findings go that have no file of their own: --log-file, or the default */
    bool own_stream;
    const char *stream_name;
    VEC(struct sn_output_target) targets;
};

/* STREAM is the command's place for findings (stderr for run, stdout for the others), unless
 * --log-file moves it. Without a fitting --format the text report is added. */
int sn_output_open(struct sn_output *output, const struct sn_settings *settings, int stream,
                   struct sn_error *err);
/* Is the text report one of the targets, and on the descriptor FD? */
bool sn_output_has_text(const struct sn_output *output, int fd);
/* Renders something to every target. DATA is passed on. */
int sn_output_render(struct sn_output *output, sn_output_renderer *renderer, const void *data,
                     struct sn_error *err);
/* What the formats of the targets have to append to files that the environment names. DIFF may be
 * NULL. */
int sn_output_summarize(struct sn_output *output, const struct sn_report *report,
                        const struct sn_diff *diff, struct sn_error *err);
/* Renders a report: as each target's format has it, and the summaries. */
int sn_output_report(struct sn_output *output, const struct sn_report *report,
                     struct sn_error *err);
/* A few lines of text to the stream. */
int sn_output_text(struct sn_output *output, const char *text, size_t length, struct sn_error *err);
void sn_output_close(struct sn_output *output);

/* Writes everything or fails; NAME is for the message. */
int sn_write_all(int fd, const char *bytes, size_t size, const char *name, struct sn_error *err);

#endif
