/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept over many runs: which findings each had, so that a hazard that shows now and then
 * adds up. A finding is known by its fingerprint (`id`).
 *
 *     struct sn_history history;
 *     int ret = sn_history_open(&history, "history.db", true, &err);
 *     if (ret == 0)
 *         ret = sn_history_add(&history, &run, reports, count, &err);
 *     sn_history_close(&history);
 *
 * Runs of one label are compared with each other: a finding of the nightly tests is not missing
 * from those of a commit.
 */
#ifndef SN_HISTORY_HISTORY_H
#define SN_HISTORY_HISTORY_H

#include "base/arena.h"
#include "base/vec.h"
#include "finding/finding.h"
#include "history/store.h"

#include <stdint.h>

struct sn_history {
    struct sn_store *store;
    struct sn_arena arena; /* what was asked for lives here */
};

struct sn_history_run {
    int64_t id, time;            /* 1, 2, ...; seconds since 1970 */
    const char *commit, *branch; /* or NULL */
    const char *label;           /* "": none */
    uint64_t reports, findings;
    uint64_t fresh; /* findings that no run before has */
};

struct sn_history_report {
    const char *path;  /* for messages */
    const char *bytes; /* the file */
    size_t size;
    const struct sn_report *report; /* what it says */
    int64_t known_in;               /* set by sn_history_add: the run that has it already, or 0 */
};

enum sn_history_state {
    SN_STEADY = 1,  /* in every run since its first one */
    SN_FLAKY = 2,   /* in some */
    SN_MISSING = 4, /* in every one up to its last; too few came since to call it gone */
    SN_GONE = 8,    /* not in so many of the latest runs that it would hardly be chance */
};

struct sn_history_finding {
    const char *id, *kind, *level, *severity; /* as the latest run has it */
    const char *title;                        /* or NULL */
    uint64_t seen;                            /* runs that have it, */
    uint64_t runs;                            /* of those since the first that has it */
    struct sn_history_run first, last;        /* without their counts */
    enum sn_history_state state;
};

struct sn_history_sighting {
    struct sn_history_run run; /* without its counts */
    const char *level;
    uint64_t count;
};

struct sn_history_filter {
    const char *branch, *label; /* only such runs; or NULL */
    int64_t since;              /* only runs since then */
    uint32_t kinds;             /* 1 << sn_hazard; 0: all */
    unsigned states;            /* enum sn_history_state, or-ed; 0: all */
};

struct sn_history_runs {
    struct sn_history_run *at;
    size_t count, room;
};

struct sn_history_findings {
    struct sn_history_finding *at;
    size_t count, room;
};

struct sn_history_sightings {
    struct sn_history_sighting *at;
    size_t count, room;
};

const char *sn_history_state_name(enum sn_history_state state);

/* CREATE: a history is begun where there is none. HISTORY is to be closed either way. */
int sn_history_open(struct sn_history *history, const char *name, bool create,
                    struct sn_error *err);
void sn_history_close(struct sn_history *history);

/*
 * Adds one run with all findings of its COUNT reports that are not suppressed: all of it or, on
 * trouble, nothing. RUN says when, commit, branch and label, and gets id and counts. A report that
 * the history has already, of the same commit, branch and label, byte by byte, is left out, and
 * marked; if that is so with all of them there is no run (id 0).
 */
int sn_history_add(struct sn_history *history, struct sn_history_run *run,
                   struct sn_history_report *reports, size_t count, struct sn_error *err);

/* The newest first. */
int sn_history_runs(struct sn_history *history, const struct sn_history_filter *filter,
                    struct sn_history_runs *runs, struct sn_error *err);
/* Those that were seen last first. */
int sn_history_findings(struct sn_history *history, const struct sn_history_filter *filter,
                        struct sn_history_findings *findings, struct sn_error *err);
/* The runs that have the finding ID, the newest first. */
int sn_history_sightings(struct sn_history *history, const char *id,
                         const struct sn_history_filter *filter,
                         struct sn_history_sightings *sightings, struct sn_error *err);
/* *DOCUMENT becomes the finding ID as the latest run has it, in JSON, as in a report; NULL if there
 * is none. */
int sn_history_document(struct sn_history *history, const char *id, const char **document,
                        struct sn_error *err);

#endif
