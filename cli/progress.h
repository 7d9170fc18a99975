/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bar on stderr, if that is a terminal, for work that takes longer than a second: how much is
 * done, how fast, and how long the rest will take.
 *
 *     struct sn_progress progress;
 *     sn_progress_start(&progress, "analyzing", path);
 *     an_analyze(..., sn_progress_show, &progress, &err);
 *     sn_progress_end(&progress);      // the line is empty again
 */
#ifndef SN_CLI_PROGRESS_H
#define SN_CLI_PROGRESS_H

#include <stdbool.h>

struct sn_progress {
    const char *what;
    bool terminal, shown;
    double start, next; /* monotonic seconds: when it began, when to draw again */
    double megabytes;   /* of the work; 0: not known */
};

/* PATH is the file that is worked through, for the rate. */
void sn_progress_start(struct sn_progress *progress, const char *what, const char *path);
/* DATA is a struct sn_progress; PART goes from 0 to 1. */
void sn_progress_show(void *data, double part);
void sn_progress_end(struct sn_progress *progress);

/* Monotonic time in seconds. */
double sn_now(void);

#endif
