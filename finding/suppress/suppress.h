/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings that somebody has looked at and does not want to be told again (docs/SUPPRESSIONS.md).
 * A file is in snarl's own syntax, ThreadSanitizer's or Valgrind's: its first line that says
 * something tells which.
 *
 *     struct sn_suppressions suppressions = {0};
 *     if (sn_suppressions_read(&suppressions, "ours.supp", &err) == 0)
 *         sn_report_suppress(&report, &suppressions, 20261130);
 *     sn_suppressions_release(&suppressions);
 */
#ifndef SN_FINDING_SUPPRESS_SUPPRESS_H
#define SN_FINDING_SUPPRESS_SUPPRESS_H

#include "base/error.h"
#include "base/text.h"
#include "finding/finding.h"

/* Which frames of a stack, and how many: globs that are NULL ask for nothing. */
struct sn_frame_pattern {
    bool any_number;      /* "...": any number of any frames, and nothing below counts */
    bool optional;        /* it may be missing: Valgrind's own stand-in for a function */
    const char *function; /* with the compiler's suffix or without */
    const char *file;     /* the whole path, or what follows one of its slashes */
    uint32_t line;        /* in that file; 0: any */
    const char *module;
    bool has_offset;
    uint64_t offset;          /* in that module */
    const char *some;         /* ThreadSanitizer: function, whole path or module */
    const char *some_library; /* what SOME says of modules, if it names them by path; or NULL */
};

struct sn_stack_pattern {
    VEC(struct sn_frame_pattern) frames; /* innermost first; what is further out does not matter */
    uint32_t count;                      /* stacks that must be so, each of another site */
    bool exact; /* else frames that are not the programmer's own may lie between */
    uint32_t line;
};

/* Where a pattern of ThreadSanitizer's is looked for. */
enum sn_suppress_where {
    SN_SUPPRESS_ALL, /* not ThreadSanitizer's: all that is named below must match */
    SN_SUPPRESS_ANY_FRAME,
    SN_SUPPRESS_TOP_FRAME,
    SN_SUPPRESS_CALLER, /* the library that called what is hooked */
};

struct sn_suppression {
    struct sn_suppressor by;
    const char *until;   /* "2027-01-31", its last day; or NULL */
    int until_day;       /* 20270131 */
    uint32_t kinds;      /* 1 << sn_hazard, or-ed */
    const char *untried; /* why it cannot be compared with any finding, or NULL */
    const char *id;      /* of the one finding, or NULL */
    VEC(const char *) variables, locks, threads; /* globs, each of which something must match */
    VEC(struct sn_stack_pattern) stacks;
    enum sn_suppress_where where;
    struct sn_frame_pattern frame; /* if it is ThreadSanitizer's */
};

struct sn_suppressions { /* all zero is an empty one; owns all strings in it */
    struct sn_arena arena;
    VEC(struct sn_suppression *) of;
};

/* Append what the file says, or nothing if they fail. ERR has the file, the byte offset, and in its
 * text the line, the column, and what was expected there. PATH may be NULL in the second one. */
int sn_suppressions_read(struct sn_suppressions *suppressions, const char *path,
                         struct sn_error *err);
int sn_suppressions_parse(struct sn_suppressions *suppressions, const char *path, const char *bytes,
                          size_t size, struct sn_error *err);
void sn_suppressions_release(struct sn_suppressions *suppressions);

enum sn_match {
    SN_MATCH_NO,
    SN_MATCH_UNKNOWN, /* names that would decide it are missing in the finding */
    SN_MATCH_YES,
};

enum sn_match sn_suppression_match(const struct sn_suppression *suppression,
                                   const struct sn_finding *finding);

/*
 * Marks the findings of REPORT that match, with what suppressed them, and notes what became of each
 * suppression. Those whose last day is before TODAY (20261130) do not apply; 0 is the day on which
 * none has expired. Counts of the summary are the caller's (sn_report_summarize).
 */
void sn_report_suppress(struct sn_report *report, const struct sn_suppressions *suppressions,
                        int today);

/* Appends a suppression in snarl's own syntax that matches FINDING and no other one of REPORT. Its
 * reason is missing: without one it is not accepted. Plain ASCII. */
void sn_suppression_write(struct sn_text *out, const struct sn_report *report,
                          const struct sn_finding *finding);

#endif
