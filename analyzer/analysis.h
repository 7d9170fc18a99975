/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An analysis: it sees each event after the world was brought up to date, and adds findings. Passes
 * know nothing of each other, and keep no state that the world keeps (who holds what, who waits for
 * whom, clocks).
 *
 * A pass is a file pass_NAME.c that defines `const struct an_analysis an_NAME`, and a line in
 * analyses.def.
 */
#ifndef SN_ANALYZER_ANALYSIS_H
#define SN_ANALYZER_ANALYSIS_H

#include "finding/finding.h"
#include "trace/reader.h"

struct an_world;

/* Thresholds. All have command-line options; defaults in analyzer.c. */
struct an_options {
    bool timed_out;             /* the program was stopped by --timeout */
    uint32_t livelock_rounds;   /* failed rounds in a row, of each party */
    uint32_t starvation_bypass; /* how often others got the lock during one wait */
    double starvation_share; /* below this share of the fair part, while wanting it all the time */
};

struct an_context {
    struct tr_reader *reader;
    struct an_world *world;
    struct sn_report *report;
    const struct an_options *options;
    uint32_t process; /* id of this trace's process in the report */
};

struct an_analysis {
    const char *name;
    bool (*wants)(uint8_t kind);                          /* NULL: every kind */
    void *(*open)(struct an_context *ctx);                /* its state; NULL is allowed */
    void (*event)(void *self, const struct tr_event *ev); /* the world already knows EV */
    void (*finish)(void *self);                           /* after the last event */
    void (*close)(void *self);
};

void an_options_default(struct an_options *options);

/* The public entry: runs every analysis on the trace and appends to REPORT: findings (frames with
 * pcs alone), threads, locks, counts, notes, coverage. PROGRESS (may be NULL) is called now and
 * then with 0 to 1. */
int an_analyze(struct tr_reader *reader, struct sn_report *report, const struct an_options *options,
               void (*progress)(void *, double), void *progress_data, struct sn_error *err);

#endif
