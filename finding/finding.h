/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snarl has to say: findings, and the report that holds them. The analyses make them, symbols/
 * fills in names and places, the renderers tell them. A renderer needs to know no hazard: a finding
 * is made of sites, each with a role ("holds", "waits"), and reads as a story in the order of its
 * sites.
 *
 * Everything in a report, strings included, lives in the report's arena. Field names follow the
 * JSON report (snarl-report/1).
 */
#ifndef SN_FINDING_FINDING_H
#define SN_FINDING_FINDING_H

#include "base/arena.h"
#include "base/text.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum sn_hazard {
#define HAZARD(name, id, severity, levels, definition, advice) SN_##name,
#include "finding/hazards.def"
#undef HAZARD
    SN_HAZARDS
};

enum sn_level { SN_OBSERVED = 1, SN_PREDICTED = 2, SN_POSSIBLE = 4 };
enum sn_severity { SN_SEVERITY_NOTE, SN_SEVERITY_WARNING, SN_SEVERITY_ERROR };
enum sn_status { SN_NEW, SN_KNOWN, SN_SUPPRESSED };

struct sn_hazard_info {
    const char *id;
    enum sn_severity severity; /* the usual one */
    unsigned levels;           /* enum sn_level, or-ed */
    const char *definition;
    const char *advice;
};

extern const struct sn_hazard_info sn_hazards[SN_HAZARDS];

/* Index of the kind with this id, or -1. */
int sn_hazard_by_id(const char *id);
const char *sn_level_name(enum sn_level level);
const char *sn_severity_name(enum sn_severity severity);
const char *sn_status_name(enum sn_status status);

/* What stands in the source at a frame, as `snarl-source explain` found it. Columns count
 * characters from 1, and the end is the column behind. Strings may be NULL, lines 0, where
 * something is absent. */
struct sn_expression {
    const char *text; /* "self->count", in one line */
    uint32_t line, column, end_line, end_column;
    const char *access; /* "plain", "atomic", or NULL: by the source */
    struct {
        const char *kind; /* "member", "global variable" ... */
        const char *name, *type, *file;
        uint32_t line, column;
    } declaration;
    struct {
        const char *name;
        uint32_t line, end_line;
        const char **locks; /* that it takes by name */
        uint32_t *lock_lines;
        size_t lock_count;
    } function;
    struct {
        const char *kind; /* "for", "while", "do" */
        uint32_t line, end_line;
    } loop;
};

struct sn_frame {
    uint64_t pc;           /* in the process; 0 when read from JSON */
    const char *function;  /* demangled, or NULL */
    const char *file;      /* or NULL */
    uint32_t line, column; /* 0: not known */
    const char *module;    /* base name of the file, or NULL */
    uint64_t offset;       /* in the module's file */
    bool inlined;
    const struct sn_expression *expression; /* or NULL */
};

struct sn_stack {
    struct sn_frame *frames; /* innermost first */
    size_t count;
};

enum sn_role {
    SN_ROLE_WRITE,
    SN_ROLE_READ,
    SN_ROLE_FREE,
    SN_ROLE_HOLDS,
    SN_ROLE_WAITS,
    SN_ROLE_TAKES,
    SN_ROLE_RELEASES,
    SN_ROLE_CREATES,
    SN_ROLE_JOINS,
    SN_ROLE_ENDS,
    SN_ROLE_SIGNALS,
    SN_ROLE_POSTS,
    SN_ROLE_TRIES,
    SN_ROLE_SLEEPS,
    SN_ROLE_DESTROYS,
    SN_ROLES
};

const char *sn_role_name(enum sn_role role);
int sn_role_by_name(const char *name); /* or -1 */

struct sn_thread {
    uint32_t id;                /* the trace's number, 0 is main */
    uint32_t process;           /* id in `processes` */
    const char *name;           /* or NULL */
    struct sn_stack created_at; /* empty for main */
};

struct sn_lock {
    uint32_t id;      /* unique in the report, by object (address and incarnation) */
    const char *name; /* as the programmer knows it; if NULL, symbols/ fills it in */
    const char *type; /* mutex, rwlock, spin, cond, sem, barrier, once */
    uint64_t address;
    struct sn_stack created_at;   /* its initialisation or first use; may be empty */
    struct sn_stack allocated_at; /* of the heap block around it; may be empty */
    uint64_t block_offset;        /* in that block */
    uint64_t block_size;          /* of that block; 0: not known */
    bool on_stack;                /* it lies on a thread's stack: whose, says stack_of */
    uint32_t stack_of;
};

struct sn_variable {
    const char *name; /* symbols/ fills it in; NULL if it has none */
    uint32_t size;
    const char *place; /* global, heap, stack, tls, or NULL */
    uint64_t address;
    struct sn_frame declared_at;  /* function NULL and file NULL: not known */
    struct sn_stack allocated_at; /* heap: where; may be empty */
    uint64_t block_offset;
    uint64_t block_size; /* 0: not known */
    uint32_t stack_of;   /* place stack, tls: whose */
    int64_t from_thread; /* its address less that thread's pthread_t; 0: not known */
};

struct sn_site {
    enum sn_role role;
    uint32_t thread; /* sn_thread.id */
    uint32_t process;
    uint32_t lock; /* the lock that the role is about (holds, waits, takes ...), 0: none; lock ids
                      start at 1 */
    const uint32_t *locks_held;
    size_t locks_held_count;
    struct sn_stack stack;
    const char *note; /* a few words for this site ("since 2.1 s"), or NULL */
    uint64_t event;   /* its index in the trace's linearisation, for tests; 0 none */
};

struct sn_step { /* of a witness */
    uint32_t thread;
    const char *what;
    struct sn_frame at;
};

struct sn_suppressor { /* the line of a file that says a finding is not to be told */
    const char *file;  /* as it was named */
    uint32_t line;
    const char *reason; /* or NULL */
};

struct sn_suppression_use { /* what became of one suppression */
    struct sn_suppressor by;
    const char *until; /* "2027-01-31", or NULL */
    bool expired;
    const char *untried; /* why it could not be compared with some findings, or NULL */
    uint64_t findings;   /* that it matched */
};

struct sn_finding {
    enum sn_hazard kind;
    enum sn_level level;
    enum sn_severity severity;
    enum sn_status status;
    bool gated;                                /* by sn_report_summarize: --fail-on names it */
    const struct sn_suppressor *suppressed_by; /* or NULL */
    const char *id;                            /* fingerprint, filled by sn_fingerprint */
    const char *title;                         /* one line */
    const char *explanation; /* what happened and why it is wrong; then "What to do: "
                                and advice, where it is better than the hazard's */
    const char *reason;      /* why only possible; or NULL */
    const char *cause;       /* id of the first finding of the same cause, as far as can
                                be guessed (cause.h); NULL: it is alone */
    const char *depends_on;  /* id of an earlier race; or NULL */
    struct sn_finding *depends_on_finding; /* the same before ids exist */
    bool seen_in_source;                   /* snarl-source check shows it, too */
    uint64_t count;                        /* how often; at least 1 */
    uint32_t process;
    VEC(struct sn_thread *) threads; /* those named by sites, each once */
    VEC(struct sn_lock *) locks;
    struct sn_variable *variable; /* or NULL */
    VEC(struct sn_site) sites;
    VEC(struct sn_step) witness;
};

struct sn_process {
    uint32_t id; /* 1, 2 ... */
    int pid;
    uint32_t parent; /* id, 0 none */
    const char **argv;
    size_t argc;
};

struct sn_coverage {
    const char *module, *accesses, *reason;
    uint64_t sites, covered;
};

struct sn_activity;
struct sn_locking;

struct sn_report {
    struct sn_arena arena;
    /* program */
    const char **argv;
    size_t argc;
    int pid;
    int exit_status; /* -1: not known, or ended by a signal */
    int signal;      /* 0: none */
    bool timed_out;
    bool stood_still; /* stopped, since no thread of it could ever go on */
    double still_for; /* seconds for which nothing had moved then; 0: not known */
    VEC(struct sn_process) processes;
    /* recording */
    VEC(const char *) traces;
    bool complete;
    const char *incomplete_reason; /* or NULL: for people, one line */
    uint64_t events, accesses, threads, locks, lost_events;
    const char *access_source; /* tsan, rewrite, none */
    double seconds;
    VEC(struct sn_coverage) coverage;
    /* notes for people that belong to no finding ("accesses were not recorded: ...") */
    VEC(const char *) notes;

    /* what --suppressions named, whether it matched or not */
    VEC(struct sn_suppression_use) suppressions;

    VEC(struct sn_finding *) findings;

    /* What is drawn besides (activity.h), of each process: if a format asks for it, and in no JSON.
     */
    VEC(struct sn_activity *) activities;
    uint64_t start_tsc; /* their time 0 */
    /* What was accessed under which locks (locking.h), of each process: the same. */
    VEC(struct sn_locking *) lockings;

    /* summary, by sn_report_summarize */
    uint64_t observed, predicted, possible, suppressed, gated;
};

void sn_report_init(struct sn_report *report);
void sn_report_release(struct sn_report *report);

/* Appends an empty finding (count 1, severity the kind's usual one). */
struct sn_finding *sn_report_add(struct sn_report *report, enum sn_hazard kind,
                                 enum sn_level level);
/* Appends a site of FINDING (valid until the next one), in FINDING's process. */
struct sn_site *sn_finding_site(struct sn_finding *finding, enum sn_role role, uint32_t thread);
/* FINDING's lock or thread with this id, or NULL. */
const struct sn_lock *sn_finding_lock(const struct sn_finding *finding, uint32_t id);
const struct sn_thread *sn_finding_thread(const struct sn_finding *finding, uint32_t process,
                                          uint32_t id);
/* Gives back the arrays of a finding that leaves its report. */
void sn_finding_release(struct sn_finding *finding);
/* Takes FINDING out: more is known now. The others keep their order. */
void sn_report_withdraw(struct sn_report *report, const struct sn_finding *finding);

/*
 * Fills in every finding's id: "1:" and 16 hex digits, from the kind and the normalised frames of
 * all parties: function and module names, roles, names of locks and variable; no addresses, lines,
 * paths, thread numbers. Then resolves depends_on, merges findings with the same id and the same
 * source places (adding counts), and orders them: most certain first, then severity, kind, id.
 */
void sn_report_fingerprint(struct sn_report *report);

/* Appends NAME, of a lock or variable, as the fingerprint has it. Names that symbols/ had to make
 * up may hold paths ("made at src/queue.c:31"), lines, addresses and ordinals ("mutex #2"): the
 * path loses its directories, the numbers go. */
void sn_stable_name(struct sn_text *out, const char *name);

#endif
