/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bar on stderr, if that is a terminal, for work that takes longer than a second.
 *
 *     struct sn_progress progress;
 *     sn_progress_start(&progress, "analyzing");
 *     an_analyze(..., sn_progress_show, &progress, &err);
 *     sn_progress_end(&progress);      // the line is empty again
 */
#ifndef SN_CLI_PROGRESS_H
#define SN_CLI_PROGRESS_H

#include <stdbool.h>

struct sn_progress {
    const char *what;
    bool terminal, shown;
    double next; /* monotonic seconds: when to draw again */
};

void sn_progress_start(struct sn_progress *progress, const char *what);
/* DATA is a struct sn_progress; PART goes from 0 to 1. */
void sn_progress_show(void *data, double part);
void sn_progress_end(struct sn_progress *progress);

/* Monotonic time in seconds. */
double sn_now(void);

#endif
