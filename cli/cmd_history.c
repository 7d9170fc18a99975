/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found over many runs. Each action is a command of its own with its own options; all but
 * `add` only read.
 */
#define _GNU_SOURCE
#include "base/file.h"
#include "cli/command.h"
#include "cli/history_render.h"
#include "cli/output.h"
#include "cli/trouble.h"
#include "finding/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_CODES "Exit codes: 0, or 2 for trouble."

static const char *from_environment(const char *const *names)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value)
            return value;
    }
    return NULL;
}

static int open_history(struct sn_history *history, const struct sn_settings *settings, bool create,
                        struct sn_error *err)
{
    static const char *const names[] = {"SNARL_HISTORY", NULL};
    const char *name = settings->database ? settings->database : from_environment(names);
    *history = (struct sn_history){0};
    if (!name)
        return sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET,
                       "which history? --db=DATABASE or the variable SNARL_HISTORY says it");
    return sn_history_open(history, name, create, err);
}

/* Says what went wrong, if it did. Returns the exit code. */
static int end(struct sn_history *history, struct sn_settings *settings, int ret,
               const struct sn_error *err)
{
    if (ret < 0)
        sn_say_error("", err);
    sn_history_close(history);
    sn_settings_release(settings);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}

/* ---- add ---- */

static const struct sn_usage add_usage = {
    .groups = SN_OPTIONS_DATABASE | SN_OPTIONS_ADDED,
    .arguments = "REPORT.json...",
    .least = 1,
    .most = -1,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Add the findings of one or more reports to a history, as one run. A history that is "
            "not there yet is begun. Reports that it has already, of the same commit, branch and "
            "label, are left out; what is suppressed in them always is.",
    .more = EXIT_CODES " Then nothing was added.",
};

struct reports {
    struct sn_report *at;
    struct sn_history_report *inputs;
    size_t count;
};

static int read_report(struct reports *reports, const char *path, struct sn_error *err)
{
    struct sn_history_report *input = &reports->inputs[reports->count];
    struct sn_report *report = &reports->at[reports->count++];
    char *bytes;
    int ret = sn_json_load(report, path, &bytes, &input->size, err);
    input->path = path;
    input->bytes = bytes;
    input->report = report;
    return ret;
}

static int read_reports(struct reports *reports, const struct sn_settings *settings,
                        struct sn_error *err)
{
    size_t count = (size_t)settings->argument_count;
    int ret = 0;
    *reports = (struct reports){.at = sn_calloc(count, sizeof *reports->at),
                                .inputs = sn_calloc(count, sizeof *reports->inputs)};
    for (size_t i = 0; ret == 0 && i < count; i++)
        ret = read_report(reports, settings->arguments[i], err);
    return ret;
}

static void release_reports(struct reports *reports)
{
    for (size_t i = 0; i < reports->count; i++) {
        sn_report_release(&reports->at[i]);
        free((char *)reports->inputs[i].bytes);
    }
    free(reports->at);
    free(reports->inputs);
}

static const char *given_or(const char *given, const char *const *names)
{
    if (!given)
        return from_environment(names);
    return *given ? given : NULL;
}

static void tell_added(const struct reports *reports, const struct sn_history_run *run,
                       const struct sn_settings *settings)
{
    for (size_t i = 0; i < reports->count; i++)
        if (reports->inputs[i].known_in)
            sn_say("%s: run %" PRId64 " has this report already: it is left out",
                   settings->arguments[i], reports->inputs[i].known_in);
    if (!run->id)
        sn_say("nothing was added");
    else
        sn_say("run %" PRId64 " was added: %" PRIu64 " report%s, %" PRIu64 " finding%s, %" PRIu64
               " of them new",
               run->id, run->reports, run->reports == 1 ? "" : "s", run->findings,
               run->findings == 1 ? "" : "s", run->fresh);
}

static int add(int argc, char **argv)
{
    static const char *const commits[] = {"GITHUB_SHA", "CI_COMMIT_SHA", NULL};
    static const char *const branches[] = {"GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", NULL};
    struct sn_settings settings;
    struct sn_history history = {0};
    struct reports reports;
    struct sn_error err;
    sn_settings_parse(&settings, &add_usage, argc, argv);
    struct sn_history_run run = {.time = time(NULL),
                                 .commit = given_or(settings.commit, commits),
                                 .branch = given_or(settings.runs.branch, branches),
                                 .label = settings.runs.label ? settings.runs.label : ""};
    int ret = read_reports(&reports, &settings, &err);
    if (ret == 0)
        ret = open_history(&history, &settings, true, &err);
    if (ret == 0)
        ret = sn_history_add(&history, &run, reports.inputs, reports.count, &err);
    if (ret == 0)
        tell_added(&reports, &run, &settings);
    release_reports(&reports);
    return end(&history, &settings, ret, &err);
}

/* ---- what is shown ---- */

static bool is_json(const struct sn_output_target *target)
{
    return strcmp(target->renderer->name, "json") == 0;
}

static int show(const struct sn_settings *settings, sn_output_renderer *renderer, const void *data,
                struct sn_error *err)
{
    struct sn_output output;
    int ret = sn_output_open(&output, settings, STDOUT_FILENO, err);
    if (ret == 0)
        ret = sn_output_render(&output, renderer, data, err);
    sn_output_close(&output);
    return ret;
}

static void render_runs(struct sn_text *text, const struct sn_output_target *target,
                        const void *data, const struct sn_render_options *options)
{
    if (is_json(target))
        sn_history_runs_json(text, data);
    else
        sn_history_runs_text(text, data, options);
}

static const struct sn_usage runs_usage = {
    .groups = SN_OPTIONS_DATABASE | SN_OPTIONS_RUNS | SN_OPTIONS_REPORT | SN_OPTIONS_LOG,
    .arguments = "",
    .trouble = SN_EXIT_TROUBLE,
    .plain = true,
    .help = "Show the runs of a history, the newest first, on stdout, or in the file of "
            "--log-file.",
    .more = EXIT_CODES,
};

static int show_runs(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_history history = {0};
    struct sn_history_runs runs = {0};
    struct sn_error err;
    sn_settings_parse(&settings, &runs_usage, argc, argv);
    int ret = open_history(&history, &settings, false, &err);
    if (ret == 0)
        ret = sn_history_runs(&history, &settings.runs, &runs, &err);
    if (ret == 0)
        ret = show(&settings, render_runs, &runs, &err);
    vec_release(&runs);
    return end(&history, &settings, ret, &err);
}

static void render_findings(struct sn_text *text, const struct sn_output_target *target,
                            const void *data, const struct sn_render_options *options)
{
    if (is_json(target))
        sn_history_findings_json(text, data);
    else
        sn_history_findings_text(text, data, options);
}

static const struct sn_usage list_usage = {
    .groups = SN_OPTIONS_DATABASE | SN_OPTIONS_RUNS | SN_OPTIONS_FINDINGS | SN_OPTIONS_REPORT |
              SN_OPTIONS_LOG,
    .arguments = "",
    .trouble = SN_EXIT_TROUBLE,
    .plain = true,
    .help = "Show the findings of a history: in how many runs each was seen, of those since the "
            "first one; the first and the last; and what that makes of it. On stdout, or in the "
            "file of --log-file.",
    .more = EXIT_CODES,
};

static int list(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_history history = {0};
    struct sn_history_findings findings = {0};
    struct sn_error err;
    sn_settings_parse(&settings, &list_usage, argc, argv);
    int ret = open_history(&history, &settings, false, &err);
    if (ret == 0)
        ret = sn_history_findings(&history, &settings.runs, &findings, &err);
    if (ret == 0)
        ret = show(&settings, render_findings, &findings, &err);
    vec_release(&findings);
    return end(&history, &settings, ret, &err);
}

/* REPORT, to be released either way, becomes one of these COUNT findings, all of them known. Those
 * of a kind that only a later snarl has are left out: this one never finds them. */
static int compose(struct sn_report *report, struct sn_history *history,
                   const struct sn_history_finding *findings, size_t count, struct sn_error *err)
{
    struct sn_text text = {0};
    struct sn_error local;
    struct sn_gate nothing = {.none = true};
    int ret = 0;
    sn_text_puts(&text, "{\"schema\": \"snarl-report/1\", \"findings\": [");
    const char *comma = "";
    for (size_t i = 0; ret == 0 && i < count; i++) {
        const char *document;
        if (sn_hazard_by_id(findings[i].kind) < 0)
            continue;
        ret = sn_history_document(history, findings[i].id, &document, err);
        if (ret == 0)
            sn_text_printf(&text, "%s%s", comma, document ? document : "null");
        comma = ",";
    }
    sn_text_puts(&text, "]}");
    if (ret == 0 && sn_json_parse(report, text.at, text.length, &local) < 0)
        ret = sn_fail(err, SN_E_FORMAT, history->store->name, SN_NO_OFFSET,
                      "a finding in it is damaged: %s", local.text);
    sn_text_release(&text);
    vec_each (struct sn_finding *, finding, &report->findings)
        (*finding)->status = SN_KNOWN;
    sn_report_summarize(report, &nothing);
    return ret;
}

static const struct sn_usage baseline_usage = {
    .groups = SN_OPTIONS_DATABASE | SN_OPTIONS_RUNS | SN_OPTIONS_FINDINGS | SN_OPTIONS_REPORT |
              SN_OPTIONS_SOURCE | SN_OPTIONS_LOG,
    .arguments = "",
    .trouble = SN_EXIT_TROUBLE,
    .help = "Write a report of all findings that a history has, each as its latest run has it, for "
            "--baseline: what was seen in any earlier run, however seldom, then does not count as "
            "new. As JSON on stdout, or in the file of --log-file; other formats tell it in their "
            "way.",
    .more = EXIT_CODES,
};

static int write_baseline(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_history history = {0};
    struct sn_history_findings findings = {0};
    struct sn_report report;
    struct sn_output output;
    struct sn_error err;
    sn_settings_parse(&settings, &baseline_usage, argc, argv);
    sn_report_init(&report);
    if (!settings.formats.count)
        vec_push(&settings.formats)->renderer = sn_renderer_by_name("json");
    int ret = open_history(&history, &settings, false, &err);
    if (ret == 0)
        ret = sn_history_findings(&history, &settings.runs, &findings, &err);
    if (ret == 0)
        ret = compose(&report, &history, findings.at, findings.count, &err);
    if (ret == 0) {
        ret = sn_output_open(&output, &settings, STDOUT_FILENO, &err);
        if (ret == 0)
            ret = sn_output_report(&output, &report, &err);
        sn_output_close(&output);
    }
    sn_report_release(&report);
    vec_release(&findings);
    return end(&history, &settings, ret, &err);
}

/* ---- one finding ---- */

static bool begins(const char *id, const char *beginning)
{
    size_t length = strlen(beginning);
    return strncmp(id, beginning, length) == 0 ||
           (strncmp(id, "1:", 2) == 0 && strncmp(id + 2, beginning, length) == 0);
}

/* The finding whose id is ID, or the only one whose id begins so. */
static int find(const struct sn_history_findings *findings, const char *id,
                const struct sn_history_finding **found, struct sn_error *err)
{
    size_t count = 0;
    vec_each (const struct sn_history_finding, finding, findings) {
        if (strcmp(finding->id, id) == 0 ||
            (strncmp(finding->id, "1:", 2) == 0 && strcmp(finding->id + 2, id) == 0)) {
            *found = finding;
            return 0;
        }
        if (begins(finding->id, id)) {
            *found = finding;
            count++;
        }
    }
    if (count == 1)
        return 0;
    if (count)
        return sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET,
                       "%zu findings have an id that begins with %.100s", count, id);
    return sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET,
                   "no finding has an id that begins with %.100s", id);
}

static void render_story(struct sn_text *text, const struct sn_output_target *target,
                         const void *data, const struct sn_render_options *options)
{
    if (is_json(target))
        sn_history_story_json(text, data);
    else
        sn_history_story_text(text, data, options);
}

static int show_finding(struct sn_history *history, const struct sn_settings *settings,
                        const struct sn_history_findings *findings, struct sn_error *err)
{
    struct sn_history_story story = {0};
    sn_report_init(&story.report);
    int ret = find(findings, settings->arguments[0], &story.finding, err);
    if (ret == 0)
        ret = sn_history_sightings(history, story.finding->id, &settings->runs, &story.sightings,
                                   err);
    if (ret == 0)
        ret = compose(&story.report, history, story.finding, 1, err);
    if (ret == 0)
        ret = show(settings, render_story, &story, err);
    sn_report_release(&story.report);
    vec_release(&story.sightings);
    return ret;
}

static const struct sn_usage show_usage = {
    .groups = SN_OPTIONS_DATABASE | SN_OPTIONS_RUNS | SN_OPTIONS_REPORT | SN_OPTIONS_SOURCE |
              SN_OPTIONS_LOG,
    .arguments = "ID",
    .least = 1,
    .most = 1,
    .trouble = SN_EXIT_TROUBLE,
    .plain = true,
    .help = "Show one finding of a history, by its id or how that begins: what the latest run says "
            "of it, and which runs have it. On stdout, or in the file of --log-file.",
    .more = EXIT_CODES,
};

static int show_one(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_history history = {0};
    struct sn_history_findings findings = {0};
    struct sn_error err;
    sn_settings_parse(&settings, &show_usage, argc, argv);
    int ret = open_history(&history, &settings, false, &err);
    if (ret == 0)
        ret = sn_history_findings(&history, &settings.runs, &findings, &err);
    if (ret == 0)
        ret = show_finding(&history, &settings, &findings, &err);
    vec_release(&findings);
    return end(&history, &settings, ret, &err);
}

/* ---- the actions ---- */

static const struct sn_command actions[] = {
    {"add", SN_EXIT_TROUBLE, "add a run: the findings of reports", add},
    {"list", SN_EXIT_TROUBLE, "show the findings: how often each was seen, first and last", list},
    {"show", SN_EXIT_TROUBLE, "show one finding, and the runs that have it", show_one},
    {"runs", SN_EXIT_TROUBLE, "show the runs", show_runs},
    {"baseline", SN_EXIT_TROUBLE, "write all findings as a report for --baseline", write_baseline},
    {0},
};

static int overview(int fd)
{
    struct sn_text text = {0};
    struct sn_error err;
    sn_text_puts(&text, "Usage: snarl history ACTION [OPTION...] ...\n"
                        "Keeps what was found in many runs, in an SQLite file or in PostgreSQL, so "
                        "that\nhazards that show now and then add up.\n\n");
    for (const struct sn_command *action = actions; action->name; action++)
        sn_text_printf(&text, "  %-9s %s\n", action->name, action->summary);
    sn_text_puts(&text, "\n  snarl history add --db=history.db report.json\n\n"
                        "`snarl history ACTION --help` lists an action's options.\n");
    int ret = sn_write_all(fd, text.at, text.length, "the help", &err);
    if (ret < 0)
        sn_say_error("", &err);
    sn_text_release(&text);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}

int sn_cmd_history(int argc, char **argv)
{
    char name[64];
    if (argc > 1 && sn_asks_for_help(argv[1]))
        return overview(STDOUT_FILENO);
    if (argc > 1 && sn_asks_for_version(argv[1]))
        return sn_tell_version(SN_EXIT_TROUBLE);
    for (const struct sn_command *action = actions; argc > 1 && action->name; action++) {
        if (strcmp(action->name, argv[1]) != 0)
            continue;
        snprintf(name, sizeof name, "snarl history %s", action->name);
        argv[1] = name;
        return action->run(argc - 1, argv + 1);
    }
    if (argc > 1 && argv[1][0] == '-')
        sn_say("%s: options stand behind an action: snarl history ACTION %s", argv[1], argv[1]);
    else if (argc > 1)
        sn_say("%s is no action of `snarl history`; try --help", argv[1]);
    else
        overview(STDERR_FILENO);
    return SN_EXIT_TROUBLE;
}
