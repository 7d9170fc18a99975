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

struct an_forks;
struct an_joined;
struct an_prediction;
struct an_processes;
struct an_world;

struct an_relation;

/* What was seen from outside of a descriptor at which a thread waited when the program was stopped.
 */
struct an_open_end {
    uint32_t pid;
    unsigned descriptor;
    const char *text; /* a sentence */
};

/* Thresholds. All have command-line options; defaults, and why, in analyzer.c. */
struct an_options {
    bool timed_out;             /* the program was stopped by --timeout */
    uint32_t livelock_rounds;   /* failed rounds in a row, of each party */
    uint32_t starvation_bypass; /* how often others got the lock while one thread waited */
    double starvation_share; /* below this share of the fair part, while wanting it all the time */
    uint32_t starvation_wait_ms; /* and having waited at least as long as this in all */
    uint32_t blocked_ms;      /* one call kept another thread from the caller's lock for so long */
    uint32_t deadlock_length; /* threads in the longest cycle that is looked for */
    uint32_t spans_drawn;     /* at most, of what threads did (finding/activity.h); 0: none */
    bool locking;             /* what was accessed under which locks is told (finding/locking.h) */
    bool only_proved_deadlocks; /* cycles of locks that no order of the run reaches are not told */
    /* May instrumentation for ThreadSanitizer leave out reads in that module? NULL: in all. */
    bool (*hides_reads)(const struct an_options *options, const struct tr_module *module);
    const char *sysroot;            /* or NULL */
    struct an_forks *forks;         /* forks.h; or NULL */
    struct an_processes *processes; /* processes.h; or NULL */
    const struct an_open_end *ends; /* what is known of them, in no order */
    size_t ends_count;
    const struct an_relation *relation; /* that says which races to prove; NULL: syncp */
};

struct an_context {
    struct tr_reader *reader;
    const struct an_joined *joined; /* WORLD is of several traces; else NULL */
    struct an_world *world;
    struct an_publication *publication; /* of the whole trace, once that is known */
    struct sn_report *report;
    const struct an_options *options;
    uint32_t process; /* id of this trace's process in the report */
    uint32_t
        lock_base; /* added to the world's object ids: the report's ids of this trace's locks */
    struct an_prediction *prediction; /* an_prediction_of; or NULL */
};

struct an_analysis {
    const char *name;
    bool (*wants)(uint8_t kind);                          /* NULL: every kind */
    void *(*open)(struct an_context *ctx);                /* its state; NULL: nobody asks for it */
    void (*event)(void *self, const struct tr_event *ev); /* the world already knows EV */
    void (*finish)(void *self);                           /* after the last event */
    void (*close)(void *self);
};

/* For one look at READER's trace. */
struct an_context an_context(struct tr_reader *reader, struct sn_report *report,
                             const struct an_options *options, struct an_world *world);
void an_options_default(struct an_options *options);

/* The public entry: runs every analysis on the trace and appends to REPORT findings, counts, notes
 * and coverage. The caller has added the trace's process before, and lets symbols/ name the frames
 * (which carry only their pc) and sn_report_fingerprint merge what is the same afterwards. PROGRESS
 * (may be NULL) is called now and then with 0 to 1. Fails only if the trace cannot be read at all;
 * what was cut or lost makes the report incomplete. */
int an_analyze(struct tr_reader *reader, struct sn_report *report, const struct an_options *options,
               void (*progress)(void *, double), void *progress_data, struct sn_error *err);

#endif
