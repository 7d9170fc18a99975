/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One argp parser for each group of options, put together as children of a command's own parser.
 * argp's built-in --help is replaced by ours, because it brings hidden options along.
 */
#define _GNU_SOURCE
#include "cli/options.h"

#include "cli/command.h"
#include "cli/pager.h"
#include "cli/trouble.h"
#include "trace/wire.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GROUPS = 20 };

enum key {
    KEY_OUTPUT = 'o',
    KEY_VERBOSE = 'v',
    KEY_SYMBOLS = 's',
    KEY_HELP = '?',
    KEY_VERSION = 'V',
    KEY_ACCESSES = 256,
    KEY_TIMEOUT,
    KEY_FOLLOW,
    KEY_REWRITE,
    KEY_RING,
    KEY_HANG,
    KEY_FORMAT,
    KEY_JSON,
    KEY_FAIL_ON,
    KEY_BASELINE,
    KEY_SUPPRESSIONS,
    KEY_GEN_SUPPRESSIONS,
    KEY_ERROR_EXITCODE,
    KEY_LIVELOCK_ROUNDS,
    KEY_STARVATION_BYPASS,
    KEY_STARVATION_SHARE,
    KEY_STARVATION_WAIT,
    KEY_DEADLOCK_LENGTH,
    KEY_BLOCKED_MS,
    KEY_SOURCE_ROOT,
    KEY_SYSROOT,
    KEY_DEBUG_PATH,
    KEY_LOG_FILE,
    KEY_COLOR,
    KEY_USAGE,
    KEY_INPUT,
    KEY_LIST,
    KEY_RELATION,
    KEY_DEADLOCKS,
    KEY_JOBS,
    KEY_TO,
    KEY_DATABASE,
    KEY_COMMIT,
    KEY_BRANCH,
    KEY_LABEL,
    KEY_SINCE,
    KEY_KIND,
    KEY_STATE,
    KEY_PORT,
};

/* A wrong option ends the command. STATE's name is the command's, or where the option stands. */
static void wrong(struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void wrong(struct argp_state *state, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (state->root_argp)
        argp_error(state, "%s", text);
    sn_say("%s: %s", state->name, text);
    exit(argp_err_exit_status);
}

static double parse_number(struct argp_state *state, const char *option, const char *text,
                           double least, double most)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(value) || value < least || value > most)
        wrong(state, "%s takes a number from %.10g to %.10g, not `%s'", option, least, most, text);
    return value;
}

static unsigned parse_whole(struct argp_state *state, const char *option, const char *text,
                            double least, double most)
{
    double value = parse_number(state, option, text, least, most);
    if (value != floor(value))
        wrong(state, "%s takes a whole number, not `%s'", option, text);
    return (unsigned)value;
}

static uint64_t parse_size(struct argp_state *state, const char *option, const char *text,
                           uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    const char *units = "KMG", *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (*text < '0' || *text > '9' || end[unit != NULL] || errno || value > most ||
        value << shift < least || value << shift > most)
        wrong(state, "%s takes a size from %lluK to %lluG, not `%s'", option,
              (unsigned long long)least >> 10, (unsigned long long)most >> 30, text);
    return value << shift;
}

/* Which of NAMES, a list that NULL ends, TEXT is; an error names them all. */
static int parse_choice(struct argp_state *state, const char *option, const char *text,
                        const char *const *names)
{
    struct sn_text all = {0};
    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            sn_text_release(&all);
            return i;
        }
        sn_text_printf(&all, "%s%s", i ? ", " : "", names[i]);
    }
    wrong(state, "%s=%s: this version knows %s", option, text, all.at);
    return 0;
}

/* Has the command something to say in that format? */
static bool is_format(const struct sn_settings *settings, const struct sn_renderer *renderer)
{
    if (settings->formats_known == SN_FORMATS_PLAIN)
        return strcmp(renderer->name, "text") == 0 || strcmp(renderer->name, "json") == 0;
    return settings->formats_known == SN_FORMATS_OF_TRACES || !renderer->only_draws;
}

static char *format_names(const struct sn_settings *settings)
{
    struct sn_text names = {0};
    for (const struct sn_renderer *const *at = sn_renderers(); *at; at++)
        if (is_format(settings, *at))
            sn_text_printf(&names, "%s%s", names.length ? ", " : "", (*at)->name);
    return names.at;
}

static void parse_format(struct argp_state *state, const char *text, struct sn_settings *settings)
{
    const char *colon = strchr(text, ':');
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)(colon ? colon - text : 31), text);
    const struct sn_renderer *renderer = sn_renderer_by_name(name);
    if (renderer && !is_format(settings, renderer)) {
        if (!state->root_argp)
            return; /* said in a file, for other commands */
        if (renderer->only_draws)
            wrong(state, "--format=%s draws a trace: snarl analyze --format=%s TRACE", name, text);
        renderer = NULL;
    }
    if (!renderer)
        wrong(state, "--format=%s: this version knows %s", name, format_names(settings));
    if (colon && !colon[1])
        wrong(state, "--format=%s: no file behind the colon", text);
    if (renderer->spans > settings->analysis.spans_drawn)
        settings->analysis.spans_drawn = renderer->spans;
    settings->analysis.locking |= renderer->locking;
    *vec_push(&settings->formats) = (struct sn_format){renderer, colon ? colon + 1 : NULL};
}

static const struct argp_option record_options[] = {
    {"output", KEY_OUTPUT, "FILE", 0,
     "Write the trace to FILE; %e stands for the program's name, %p for the process. Default: "
     "snarl.%e.%p (run writes it below TMPDIR or /var/tmp, and deletes it at the end)",
     0},
    {"accesses", KEY_ACCESSES, "SOURCE", 0,
     "Where shared accesses come from: tsan (code built with -fsanitize=thread), rewrite (any "
     "program, its code rewritten while it loads, and kept in ~/.cache/snarl), none (locks alone), "
     "or auto (default): tsan where the program has it, else rewrite, when it makes its first "
     "thread",
     0},
    {"rewrite", KEY_REWRITE, "PATTERN", 0,
     "Where code is rewritten: which libraries of the system are, too, by the names of "
     "their files (PATTERN[,PATTERN...]: *, ?, [...]); !PATTERN: which are not, of all. Default: "
     "the program and its own libraries",
     0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0,
     "Stop the program then (SIGTERM, SIGKILL after 2 s); exit code 124", 0},
    {"hang", KEY_HANG, "SECONDS|off", 0,
     "Watch for a hang also where it may end: no thread has run for so long while all wait for "
     "each other, or one for a lock. run stops the program then, as after --timeout; record writes "
     "a copy of the trace, FILE.hang-1, and leaves it as it is. Default: run stops a program, "
     "within 2 s, only when it is certain that no thread of it can ever go on; off: not even then",
     0},
    {"ring", KEY_RING, "SIZE", 0,
     "Keep the newest events only, in a trace of SIZE bytes for each process (K, M or G behind it; "
     "256K at least). SIGUSR1 to snarl writes a copy of it, FILE.snapshot-1, while the program "
     "goes on",
     0},
    {"follow", KEY_FOLLOW, "WHICH", 0,
     "Which processes are recorded: all (default); main: the one that snarl starts, whatever it "
     "executes, and no child of it; or PATTERN[,PATTERN...] (*, ?, [...]): those whose executable "
     "is of such a name, or was called by it",
     0},
    {0},
};

static error_t parse_record(int key, char *arg, struct argp_state *state)
{
    static const char *const sources[] = {"auto", "tsan", "rewrite", "none", NULL};
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_OUTPUT:
        if (!*arg)
            wrong(state, "-o: the name of the trace is empty");
        settings->output = arg;
        return 0;
    case KEY_ACCESSES:
        settings->accesses = (enum sn_accesses)parse_choice(state, "--accesses", arg, sources);
        return 0;
    case KEY_REWRITE:
        if (!*arg || strlen(arg) >= SN_FOLLOW_MAX || strchr(arg, '/'))
            wrong(state, "--rewrite takes patterns of file names, not `%s'", arg);
        settings->rewrite = arg;
        return 0;
    case KEY_FOLLOW:
        if (!*arg || strlen(arg) >= SN_FOLLOW_MAX || strchr(arg, '/'))
            wrong(state, "--follow takes all, main, or patterns of file names, not `%s'", arg);
        settings->follow = arg;
        return 0;
    case KEY_HANG:
        settings->no_hang = strcmp(arg, "off") == 0;
        settings->hang = settings->no_hang ? 0 : parse_number(state, "--hang", arg, 0.1, 1e9);
        return 0;
    case KEY_RING:
        settings->ring = parse_size(state, "--ring", arg, TR_RING_MIN, TR_RING_MAX);
        return 0;
    case KEY_TIMEOUT:
        settings->timeout = parse_number(state, "--timeout", arg, 1e-3, 1e9);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option report_options[] = {
    {"format", KEY_FORMAT, "FORMAT[:FILE]", 0,
     "Report in this format, to FILE, or to where findings go. May be given several times. "
     "Text is printed anyway, unless a text file or another format without a FILE is asked for. "
     "Formats:",
     0},
    {"json", KEY_JSON, "FILE", 0, "Short for --format=json:FILE", 0},
    {0},
};

/* Adds the formats that the command knows. */
static char *tell_formats(int key, const char *text, void *input)
{
    char *names, *told;
    if (key != KEY_FORMAT)
        return (char *)text;
    names = format_names(input);
    if (asprintf(&told, "%s %s", text, names) < 0)
        told = (char *)text;
    free(names);
    return told;
}

static error_t parse_report(int key, char *arg, struct argp_state *state)
{
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_FORMAT:
        parse_format(state, arg, settings);
        return 0;
    case KEY_JSON:
        if (!*arg)
            wrong(state, "--json: the name of the file is empty");
        *vec_push(&settings->formats) = (struct sn_format){sn_renderer_by_name("json"), arg};
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option gate_options[] = {
    {"fail-on", KEY_FAIL_ON, "LIST", 0,
     "Which findings the exit code tells: kinds, levels (observed, predicted, possible), "
     "severities (error, warning, note), all, none. Default: observed or predicted ones that are "
     "an error or a warning",
     0},
    {0},
};
static const struct argp_option baseline_options[] = {
    {"baseline", KEY_BASELINE, "FINDINGS.json", 0,
     "Findings in this earlier report are shown as known and never gate", 0},
    {0},
};
static const struct argp_option suppress_options[] = {
    {"suppressions", KEY_SUPPRESSIONS, "FILE", 0,
     "Findings that FILE names are suppressed: counted alone, and they never gate. In snarl's own "
     "syntax (docs/SUPPRESSIONS.md), ThreadSanitizer's or Valgrind's. May be given several times",
     0},
    {0},
};
static const struct argp_option generate_options[] = {
    {"gen-suppressions", KEY_GEN_SUPPRESSIONS, 0, 0,
     "After the text report print, for each finding, a suppression that matches it alone", 0},
    {0},
};
static const struct argp_option exit_options[] = {
    {"error-exitcode", KEY_ERROR_EXITCODE, "N", 0,
     "Exit with N instead of 66 when a finding is gated", 0},
    {0},
};

static error_t parse_gate(int key, char *arg, struct argp_state *state)
{
    struct sn_settings *settings = state->input;
    struct sn_error err;
    switch (key) {
    case KEY_FAIL_ON:
        if (sn_gate_parse(&settings->gate, arg, &err) < 0)
            wrong(state, "--fail-on=%s: %s", arg, err.text);
        return 0;
    case KEY_BASELINE:
        settings->baseline = arg;
        return 0;
    case KEY_SUPPRESSIONS:
        *vec_push(&settings->suppressions) = arg;
        return 0;
    case KEY_GEN_SUPPRESSIONS:
        settings->gen_suppressions = true;
        return 0;
    case KEY_ERROR_EXITCODE:
        settings->error_exitcode = (int)parse_whole(state, "--error-exitcode", arg, 0, 255);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option analysis_options[] = {
    {"livelock-rounds", KEY_LIVELOCK_ROUNDS, "N", 0,
     "A livelock: so many failed rounds in a row, of each party", 0},
    {"starvation-bypass", KEY_STARVATION_BYPASS, "N", 0,
     "Starvation: others took the lock so often during one wait", 0},
    {"starvation-wait", KEY_STARVATION_WAIT, "MS", 0,
     "Starvation: and it waited at least so many milliseconds in all", 0},
    {"blocked-ms", KEY_BLOCKED_MS, "MS", 0,
     "Blocked while holding: one call kept another thread waiting for so many milliseconds", 0},
    {"deadlock-length", KEY_DEADLOCK_LENGTH, "N", 0,
     "Deadlocks: threads in the longest cycle that is looked for", 0},
    {"starvation-share", KEY_STARVATION_SHARE, "PART", 0,
     "Starvation: a thread got less than this part (0 to 1) of its fair share", 0},
    {0},
};

/* Adds the default, which analyzer.c alone knows. */
static char *tell_default(int key, const char *text, void *input)
{
    (void)input;
    struct an_options usual;
    an_options_default(&usual);
    double value;
    switch (key) {
    case KEY_LIVELOCK_ROUNDS:
        value = usual.livelock_rounds;
        break;
    case KEY_STARVATION_BYPASS:
        value = usual.starvation_bypass;
        break;
    case KEY_STARVATION_SHARE:
        value = usual.starvation_share;
        break;
    case KEY_STARVATION_WAIT:
        value = usual.starvation_wait_ms;
        break;
    case KEY_BLOCKED_MS:
        value = usual.blocked_ms;
        break;
    case KEY_DEADLOCK_LENGTH:
        value = usual.deadlock_length;
        break;
    default:
        return (char *)text;
    }
    char *told;
    return asprintf(&told, "%s (default %g)", text, value) < 0 ? (char *)text : told;
}

static error_t parse_analysis(int key, char *arg, struct argp_state *state)
{
    struct an_options *analysis = &((struct sn_settings *)state->input)->analysis;
    switch (key) {
    case KEY_LIVELOCK_ROUNDS:
        analysis->livelock_rounds = parse_whole(state, "--livelock-rounds", arg, 1, UINT32_MAX);
        return 0;
    case KEY_STARVATION_BYPASS:
        analysis->starvation_bypass = parse_whole(state, "--starvation-bypass", arg, 1, UINT32_MAX);
        return 0;
    case KEY_STARVATION_WAIT:
        analysis->starvation_wait_ms = parse_whole(state, "--starvation-wait", arg, 0, UINT32_MAX);
        return 0;
    case KEY_BLOCKED_MS:
        analysis->blocked_ms = parse_whole(state, "--blocked-ms", arg, 1, UINT32_MAX);
        return 0;
    case KEY_DEADLOCK_LENGTH:
        analysis->deadlock_length = parse_whole(state, "--deadlock-length", arg, 2, 1000);
        return 0;
    case KEY_STARVATION_SHARE:
        analysis->starvation_share = parse_number(state, "--starvation-share", arg, 0, 1);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option source_options[] = {
    {"source-root", KEY_SOURCE_ROOT, "DIR", 0, "Look for source files below DIR", 0},
    {0},
};
static const struct argp_option symbols_options[] = {
    {"sysroot", KEY_SYSROOT, "DIR", 0, "Look for programs and libraries below DIR", 0},
    {"debug-path", KEY_DEBUG_PATH, "DIR", 0, "Look for debug files in DIR", 0},
    {0},
};
static const struct argp_option dump_options[] = {
    {"symbols", KEY_SYMBOLS, 0, 0, "Add the functions and source lines of each stack", 0},
    {"to", KEY_TO, "FORM", 0,
     "Print text (default: all there is), std (RAPID's text; what it has no word for is left out), "
     "or xstd (extended STD)",
     0},
    {0},
};

static error_t parse_symbols(int key, char *arg, struct argp_state *state)
{
    static const char *const forms[] = {"text", "std", "xstd", NULL};
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_SOURCE_ROOT:
        settings->symbols.source_root = arg;
        return 0;
    case KEY_SYSROOT:
        settings->symbols.sysroot = arg;
        return 0;
    case KEY_DEBUG_PATH:
        settings->symbols.debug_path = arg;
        return 0;
    case KEY_SYMBOLS:
        settings->dump_symbols = true;
        return 0;
    case KEY_TO:
        settings->dump_to = (enum sn_dump_form)parse_choice(state, "--to", arg, forms);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option input_options[] = {
    {"input", KEY_INPUT, "FORM", 0,
     "What the trace is: snarl (its own), std (RAPID's text), xstd (extended STD), or auto "
     "(default): by its content",
     0},
    {0},
};

static const struct argp_option raw_options[] = {
    {"list", KEY_LIST, 0, 0,
     "Print raw results on stdout instead of findings, one a line: \"race FIRST SECOND VARIABLE\", "
     "\"deadlock EVENT EVENT...\", \"summary EVENTS THREADS LOCKS VARIABLES RACY_EVENTS "
     "RACY_VARIABLES DEADLOCKS\"; events are counted from 1. Alone: by shb and spd",
     0},
    {"relation", KEY_RELATION, "NAME", 0,
     "Look for races by this relation of events (default for findings: syncp):", 0},
    {"deadlocks", KEY_DEADLOCKS, "KIND", 0,
     "Look for deadlocks: patterns (of locks taken in a cycle), or spd: those of them that a "
     "sync-preserving order of the same run reaches. Default for findings: both, told apart",
     0},
    {"jobs", KEY_JOBS, "N", 0, "Work with N threads (default: as many as there are processors)", 0},
    {0},
};

/* Adds the relations that there are. */
static char *tell_relations(int key, const char *text, void *input)
{
    (void)input;
    if (key != KEY_RELATION)
        return (char *)text;
    struct sn_text told = {0};
    sn_text_puts(&told, text);
    for (const struct an_relation *const *at = an_relations(); *at; at++)
        sn_text_printf(&told, "%s %s (%s)", at == an_relations() ? "" : ",", (*at)->name,
                       (*at)->meaning);
    return told.at;
}

static const struct an_relation *parse_relation(struct argp_state *state, const char *name)
{
    const char *names[32] = {NULL};
    const struct an_relation *const *all = an_relations();
    for (size_t i = 0; all[i] && i + 1 < sizeof names / sizeof *names; i++)
        names[i] = all[i]->name;
    return all[parse_choice(state, "--relation", name, names)];
}

static error_t parse_raw(int key, char *arg, struct argp_state *state)
{
    static const char *const inputs[] = {"auto", "snarl", "std", "xstd", NULL};
    static const char *const deadlocks[] = {"patterns", "spd", NULL};
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_INPUT:
        settings->input = (enum sn_input)parse_choice(state, "--input", arg, inputs);
        return 0;
    case KEY_LIST:
        settings->list = true;
        return 0;
    case KEY_RELATION:
        settings->relation = parse_relation(state, arg);
        settings->analysis.relation =
            strcmp(settings->relation->name, "syncp") ? settings->relation : NULL;
        return 0;
    case KEY_DEADLOCKS:
        settings->deadlocks = SN_DEADLOCKS_PATTERNS +
                              (enum sn_deadlocks)parse_choice(state, "--deadlocks", arg, deadlocks);
        settings->analysis.only_proved_deadlocks = settings->deadlocks == SN_DEADLOCKS_SPD;
        return 0;
    case KEY_JOBS:
        settings->jobs = parse_whole(state, "--jobs", arg, 1, 1024);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option database_options[] = {
    {"db", KEY_DATABASE, "DATABASE", 0,
     "The history: an SQLite file, or postgresql://USER@HOST/NAME. Default: SNARL_HISTORY, a "
     "variable of the environment, where a password is not seen by others",
     0},
    {0},
};
static const struct argp_option added_options[] = {
    {"commit", KEY_COMMIT, "ID", 0,
     "The commit that was tested. Default: GITHUB_SHA or CI_COMMIT_SHA of the environment", 0},
    {"branch", KEY_BRANCH, "NAME", 0,
     "The branch that was tested. Default: GITHUB_REF_NAME or CI_COMMIT_REF_NAME of the "
     "environment",
     0},
    {"label", KEY_LABEL, "TEXT", 0,
     "How, if there are several ways (unit, nightly): runs are compared with those of the same "
     "label",
     0},
    {0},
};
static const struct argp_option runs_options[] = {
    {"branch", KEY_BRANCH, "NAME", 0, "Look at runs of this branch only", 0},
    {"label", KEY_LABEL, "TEXT", 0, "Look at runs with this label only", 0},
    {"since", KEY_SINCE, "YYYY-MM-DD", 0, "Look at runs of this day and later ones only", 0},
    {0},
};
static const struct argp_option findings_options[] = {
    {"kind", KEY_KIND, "LIST", 0, "Only findings of these kinds", 0},
    {"state", KEY_STATE, "LIST", 0,
     "Only findings that are steady (in every run since the first one), flaky (not in all), "
     "missing (not in the latest runs), gone (not in so many that it is hardly chance)",
     0},
    {0},
};

static int64_t parse_day(struct argp_state *state, const char *text)
{
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    if (!end || *end)
        wrong(state, "--since takes a day, YYYY-MM-DD, not `%s'", text);
    return timegm(&day);
}

/* Copies the next word of LIST, without the blanks around it, and returns what is behind the comma,
 * or NULL. */
static const char *next_word(const char *list, char *word, size_t size)
{
    size_t length = strcspn(list, ",");
    const char *rest = list[length] ? list + length + 1 : NULL;
    for (; *list == ' ' && length; list++)
        length--;
    while (length && list[length - 1] == ' ')
        length--;
    snprintf(word, size, "%.*s", (int)(length < size ? length : size - 1), list);
    return rest;
}

static uint32_t parse_kinds(struct argp_state *state, const char *list)
{
    const char *names[SN_HAZARDS + 1] = {NULL};
    char word[64];
    uint32_t kinds = 0;
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        names[kind] = sn_hazards[kind].id;
    do {
        list = next_word(list, word, sizeof word);
        kinds |= UINT32_C(1) << parse_choice(state, "--kind", word, names);
    } while (list);
    return kinds;
}

static unsigned parse_states(struct argp_state *state, const char *list)
{
    static const char *const names[] = {"steady", "flaky", "missing", "gone", NULL};
    char word[64];
    unsigned states = 0;
    do {
        list = next_word(list, word, sizeof word);
        states |= SN_STEADY << parse_choice(state, "--state", word, names);
    } while (list);
    return states;
}

static error_t parse_history(int key, char *arg, struct argp_state *state)
{
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_DATABASE:
        settings->database = arg;
        return 0;
    case KEY_COMMIT:
        settings->commit = arg;
        return 0;
    case KEY_BRANCH:
        settings->runs.branch = arg;
        return 0;
    case KEY_LABEL:
        settings->runs.label = arg;
        return 0;
    case KEY_SINCE:
        settings->runs.since = parse_day(state, arg);
        return 0;
    case KEY_KIND:
        settings->runs.kinds = parse_kinds(state, arg);
        return 0;
    case KEY_STATE:
        settings->runs.states = parse_states(state, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option serve_options[] = {
    {"port", KEY_PORT, "N", 0, "Listen there (default: any port that is free)", 0},
    {0},
};

static error_t parse_serve(int key, char *arg, struct argp_state *state)
{
    struct sn_settings *settings = state->input;
    if (key != KEY_PORT)
        return ARGP_ERR_UNKNOWN;
    settings->port = (uint16_t)parse_whole(state, "--port", arg, 1, UINT16_MAX);
    return 0;
}

static const struct argp_option log_options[] = {
    {"log-file", KEY_LOG_FILE, "FILE", 0, "Write findings to FILE", 0},
    {"color", KEY_COLOR, "WHEN", 0,
     "Colour the text: auto (default: on a terminal, unless NO_COLOR is set), always, never", 0},
    {"verbose", KEY_VERBOSE, 0, 0, "Tell more: all frames, all places", 0},
    {0},
};

static error_t parse_log(int key, char *arg, struct argp_state *state)
{
    static const char *const colors[] = {"auto", "always", "never", NULL};
    struct sn_settings *settings = state->input;
    switch (key) {
    case KEY_LOG_FILE:
        settings->log_file = arg;
        return 0;
    case KEY_COLOR:
        settings->color = (enum sn_color)parse_choice(state, "--color", arg, colors);
        return 0;
    case KEY_VERBOSE:
        settings->verbose = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option general_options[] = {
    {"help", KEY_HELP, 0, 0, "Print this help", -1},
    {"usage", KEY_USAGE, 0, 0, "Print the options in short", -1},
    {"version", KEY_VERSION, 0, 0, "Print the version", -1},
    {0},
};

static error_t parse_general(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    switch (key) {
    case KEY_HELP:
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case KEY_USAGE:
        argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
        return 0;
    case KEY_VERSION:
        exit(sn_tell_version(argp_err_exit_status));
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* In the order of enum sn_option_group, then what every command has. */
static const struct argp group_parsers[GROUPS] = {
    {.options = record_options, .parser = parse_record},
    {.options = report_options, .parser = parse_report, .help_filter = tell_formats},
    {.options = gate_options, .parser = parse_gate},
    {.options = baseline_options, .parser = parse_gate},
    {.options = exit_options, .parser = parse_gate},
    {.options = analysis_options, .parser = parse_analysis, .help_filter = tell_default},
    {.options = source_options, .parser = parse_symbols},
    {.options = symbols_options, .parser = parse_symbols},
    {.options = log_options, .parser = parse_log},
    {.options = dump_options, .parser = parse_symbols},
    {.options = raw_options, .parser = parse_raw, .help_filter = tell_relations},
    {.options = input_options, .parser = parse_raw},
    {.options = suppress_options, .parser = parse_gate},
    {.options = generate_options, .parser = parse_gate},
    {.options = database_options, .parser = parse_history},
    {.options = added_options, .parser = parse_history},
    {.options = runs_options, .parser = parse_history},
    {.options = findings_options, .parser = parse_history},
    {.options = serve_options, .parser = parse_serve},
    {.options = general_options, .parser = parse_general},
};

struct parse {
    struct sn_settings *settings;
    const struct sn_usage *usage;
    int children;
};

static void check_count(struct argp_state *state, const struct parse *parse)
{
    int count = parse->settings->argument_count;
    if (count < parse->usage->least)
        wrong(state, "%s is missing", parse->usage->arguments);
    if (parse->usage->most >= 0 && count > parse->usage->most)
        wrong(state, "too many arguments: `%s'", parse->settings->arguments[parse->usage->most]);
}

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    struct parse *parse = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        for (int i = 0; i < parse->children; i++)
            state->child_inputs[i] = parse->settings;
        return 0;
    case ARGP_KEY_ARG:
        /* The options are over, either way: permuted to the front, or ended by the program. */
        parse->settings->arguments = state->argv + state->next - 1;
        parse->settings->argument_count = state->argc - state->next + 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        check_count(state, parse);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The group that has the option NAME, which becomes *FOUND: one of WANTED, or else any; -1 if none
 * has. Not those that print and end. */
static int find_option(const char *name, unsigned wanted, const struct argp_option **found)
{
    int group = -1;
    for (int i = 0; i < GROUPS - 1; i++)
        for (const struct argp_option *o = group_parsers[i].options; o->name; o++)
            if (strcmp(o->name, name) == 0 || (o->key == name[0] && !name[1])) {
                *found = o;
                group = i;
                if (wanted & 1u << i)
                    return i;
            }
    return group;
}

/* Does the option name, as VALUE, what lies where it is named from? */
static bool lies_beside(int key, const char *value)
{
    return key == KEY_BASELINE || key == KEY_SUPPRESSIONS || key == KEY_SOURCE_ROOT ||
           key == KEY_SYSROOT || key == KEY_DEBUG_PATH ||
           (key == KEY_DATABASE && !sn_store_is_uri(value));
}

/* Does the command take what OPTION, of GROUP, says elsewhere than on the command line? What shows
 * a history does not belong where the reports of findings go. */
static bool takes(unsigned groups, int group, const struct argp_option *option)
{
    bool reports =
        option->key == KEY_FORMAT || option->key == KEY_JSON || option->key == KEY_LOG_FILE;
    return groups & 1u << group && !(reports && groups & SN_OPTIONS_DATABASE);
}

/* Does what OPTION says, if it is for a command of these GROUPS. */
static void take_option(struct sn_settings *settings, unsigned groups,
                        const struct sn_config_option *option)
{
    const struct argp_option *found = NULL;
    int group = find_option(option->name, groups, &found);
    struct argp_state state = {
        .name = (char *)option->place, .input = settings, .err_stream = stderr};
    if (group < 0)
        wrong(&state, "no command takes an option `%s' from here", option->name);
    else if (found->arg && !option->value)
        wrong(&state, "%s needs a value, %s", option->name, found->arg);
    else if (!found->arg && option->value)
        wrong(&state, "%s takes no value, `%s'", option->name, option->value);
    else if (takes(groups, group, found)) {
        const char *value = option->value;
        if (value && *value && *value != '/' && option->directory && lies_beside(found->key, value))
            value = sn_sprintf(&settings->config.arena, "%s/%s", option->directory, value);
        group_parsers[group].parser(found->key, (char *)value, &state);
    }
}

static void take_config(struct sn_settings *settings, const struct sn_usage *usage)
{
    struct sn_error err;
    if (sn_config_read(&settings->config, &err) < 0) {
        sn_say_error("", &err);
        exit(usage->trouble);
    }
    vec_each (const struct sn_config_option, option, &settings->config.options)
        take_option(settings, usage->groups, option);
}

static void set_defaults(struct sn_settings *settings, const struct sn_usage *usage)
{
    *settings = (struct sn_settings){.error_exitcode = SN_EXIT_GATED};
    sn_gate_default(&settings->gate);
    an_options_default(&settings->analysis);
    settings->formats_known = usage->groups & SN_OPTIONS_ANALYSIS ? SN_FORMATS_OF_TRACES
                              : usage->plain                      ? SN_FORMATS_PLAIN
                                                                  : SN_FORMATS_OF_REPORTS;
}

static void take_line(struct sn_settings *settings, const struct sn_usage *usage, int argc,
                      char **argv)
{
    struct argp_child children[GROUPS + 1] = {0};
    int count = 0;
    for (int i = 0; i < GROUPS; i++)
        if (usage->groups & 1u << i || i == GROUPS - 1)
            children[count++].argp = &group_parsers[i];
    char doc[2048];
    snprintf(doc, sizeof doc, "%s%s%s", usage->help, usage->more ? "\v" : "",
             usage->more ? usage->more : "");
    struct argp argp = {
        .parser = parse_command, .args_doc = usage->arguments, .doc = doc, .children = children};
    struct parse parse = {settings, usage, count};
    unsigned flags = ARGP_NO_HELP | (usage->program ? ARGP_IN_ORDER : 0);
    if (argp_parse(&argp, argc, argv, flags, NULL, &parse) != 0)
        exit(usage->trouble);
}

/* The command line is taken twice: what is said there alone, --help and mistakes, comes before
 * what stands elsewhere; but its options count more. */
void sn_settings_parse(struct sn_settings *settings, const struct sn_usage *usage, int argc,
                       char **argv)
{
    argp_err_exit_status = usage->trouble;
    if (!usage->program)
        sn_pager_allow();
    set_defaults(settings, usage);
    take_line(settings, usage, argc, argv);
    if (usage->line_alone)
        return;
    sn_settings_release(settings);
    set_defaults(settings, usage);
    take_config(settings, usage);
    take_line(settings, usage, argc, argv);
}

void sn_settings_release(struct sn_settings *settings)
{
    vec_release(&settings->formats);
    vec_release(&settings->suppressions);
    sn_config_release(&settings->config);
}
