/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of all commands, from the command line and from where config.h finds more of them.
 * They come in groups, since several commands share them; a command says which groups it takes, and
 * gets a struct sn_settings with what was given and the defaults.
 *
 *     static const struct sn_usage usage = {
 *         .groups = SN_OPTIONS_REPORT | SN_OPTIONS_GATE,
 *         .arguments = "TRACE...", .least = 1, .most = -1,
 *         .help = "Analyze recorded traces.", .trouble = 2};
 *     struct sn_settings settings;
 *     sn_settings_parse(&settings, &usage, argc, argv);
 *     ...
 *     sn_settings_release(&settings);
 *
 * A wrong option ends the process with the usage's exit code, as --help and --version do with 0.
 */
#ifndef SN_CLI_OPTIONS_H
#define SN_CLI_OPTIONS_H

#include "analyzer/analysis.h"
#include "analyzer/predict/relation.h"
#include "base/vec.h"
#include "cli/config.h"
#include "finding/gate.h"
#include "history/history.h"
#include "report/renderer.h"
#include "symbols/symbols.h"

enum sn_option_group {
    SN_OPTIONS_RECORD = 1 << 0, /* -o, --accesses, --rewrite, --timeout, --hang, --ring, --follow */
    SN_OPTIONS_REPORT = 1 << 1, /* --format, --json */
    SN_OPTIONS_GATE = 1 << 2,   /* --fail-on */
    SN_OPTIONS_BASELINE = 1 << 3,  /* --baseline */
    SN_OPTIONS_EXIT = 1 << 4,      /* --error-exitcode */
    SN_OPTIONS_ANALYSIS = 1 << 5,  /* the thresholds */
    SN_OPTIONS_SOURCE = 1 << 6,    /* --source-root */
    SN_OPTIONS_SYMBOLS = 1 << 7,   /* --sysroot, --debug-path */
    SN_OPTIONS_LOG = 1 << 8,       /* --log-file, --color, -v */
    SN_OPTIONS_DUMP = 1 << 9,      /* -s, --to */
    SN_OPTIONS_RAW = 1 << 10,      /* --list, --relation, --deadlocks, --jobs */
    SN_OPTIONS_INPUT = 1 << 11,    /* --input */
    SN_OPTIONS_SUPPRESS = 1 << 12, /* --suppressions */
    SN_OPTIONS_GENERATE = 1 << 13, /* --gen-suppressions */
    SN_OPTIONS_DATABASE = 1 << 14, /* --db */
    SN_OPTIONS_ADDED = 1 << 15,    /* --commit, --branch, --label: what a run is of */
    SN_OPTIONS_RUNS = 1 << 16,     /* --branch, --label, --since: which runs are meant */
    SN_OPTIONS_FINDINGS = 1 << 17, /* --kind, --state: which findings are */
    SN_OPTIONS_SERVE = 1 << 18,    /* --port */
};

enum { SN_FOLLOW_MAX = 500 }; /* the recorder's own limit */
enum sn_accesses { SN_ACCESSES_AUTO, SN_ACCESSES_TSAN, SN_ACCESSES_REWRITE, SN_ACCESSES_NONE };
enum sn_input { SN_INPUT_AUTO, SN_INPUT_SNARL, SN_INPUT_STD, SN_INPUT_XSTD };
enum sn_dump_form { SN_DUMP_TEXT, SN_DUMP_STD, SN_DUMP_XSTD };
enum sn_deadlocks { SN_DEADLOCKS_UNSAID, SN_DEADLOCKS_PATTERNS, SN_DEADLOCKS_SPD };
/* Which formats a command knows: all; those that need no trace; text and json alone. */
enum sn_formats { SN_FORMATS_OF_TRACES, SN_FORMATS_OF_REPORTS, SN_FORMATS_PLAIN };
enum sn_color { SN_COLOR_AUTO, SN_COLOR_ALWAYS, SN_COLOR_NEVER };

struct sn_format {
    const struct sn_renderer *renderer;
    const char *file; /* NULL: where the command's findings go */
};

struct sn_settings {
    const char *output; /* -o, or NULL */
    enum sn_accesses accesses;
    double timeout;      /* seconds; 0: none */
    double hang;         /* seconds; 0: not said */
    bool no_hang;        /* nobody looks for hangs, not even for those that are certain */
    uint64_t ring;       /* bytes; 0: the trace may grow */
    const char *follow;  /* all, main or patterns; NULL: all */
    const char *rewrite; /* patterns of libraries; NULL: the program's own */

    enum sn_formats formats_known;
    VEC(struct sn_format) formats; /* as given */
    const char *log_file;          /* or NULL */
    enum sn_color color;
    bool verbose;

    struct sn_gate gate;
    const char *baseline;           /* or NULL */
    VEC(const char *) suppressions; /* files */
    bool gen_suppressions;
    int error_exitcode; /* of `run`; 66 unless given */

    struct an_options analysis;
    struct sn_symbols_options symbols;
    bool dump_symbols;
    enum sn_dump_form dump_to;

    enum sn_input input;
    bool list;
    const struct an_relation *relation; /* or NULL */
    enum sn_deadlocks deadlocks;
    unsigned jobs; /* 0: as many as there are processors */
    uint16_t port; /* 0: any */

    const char *database;          /* or NULL */
    const char *commit;            /* or NULL */
    struct sn_history_filter runs; /* --branch and --label of `history add`, too */

    struct sn_config config; /* where strings of these settings may be */
    char **arguments;        /* what is no option: of ARGV, terminated by NULL */
    int argument_count;
};

struct sn_usage {
    unsigned groups;
    const char *arguments; /* for the usage line */
    int least, most;       /* arguments; -1: any number */
    bool program;          /* the first argument ends the options: the rest is a command line */
    const char *help;      /* a paragraph above the options */
    const char *more;      /* one below, or NULL */
    int trouble;           /* exit code for a wrong option */
    bool plain;            /* it shows what is no report: as text or json */
    bool line_alone;       /* no option is taken from elsewhere than the command line */
};

void sn_settings_parse(struct sn_settings *settings, const struct sn_usage *usage, int argc,
                       char **argv);
void sn_settings_release(struct sn_settings *settings);

#endif
