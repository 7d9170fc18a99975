/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub's workflow commands: an annotation for each finding that is new, at its line. They are
 * read wherever a step prints them. Of the whole, known and suppressed findings included, a table
 * goes to the summary of the step (GITHUB_STEP_SUMMARY), with the stories of what counts.
 */
#include "finding/diff.h"
#include "finding/stack.h"
#include "report/markup.h"
#include "report/renderer.h"
#include "report/spot.h"
#include "report/tell.h"

#include <string.h>

/* GitHub cuts titles and messages, and refuses a summary above 1 MiB. */
enum { LONGEST_TITLE = 200, LONGEST_MESSAGE = 4000, LARGEST_SUMMARY = 900 * 1000, CELL = 300 };

static const char *title(const struct sn_finding *finding)
{
    return finding->title && *finding->title ? finding->title : sn_hazards[finding->kind].id;
}

/* As the runner's toolkit escapes: properties end at a comma or colon, too. */
static void add_escaped(struct sn_text *out, const char *text, const char *special)
{
    for (; *text; text++)
        sn_text_printf(out, strchr(special, *text) ? "%%%02X" : "%c", (unsigned char)*text);
}

static void add_property(struct sn_text *out, const char *name, const char *text, size_t columns)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text, columns);
    sn_text_printf(out, "%s=", name);
    add_escaped(out, plain.at, "%\r\n:,");
    sn_text_release(&plain);
}

/* "thread 1 (Olivia) writes garlic_count, holding no lock at garlic.c:14" */
static void tell_deed(struct sn_text *out, struct sn_sources *sources,
                      const struct sn_report *report, const struct sn_finding *finding,
                      const struct sn_site *site)
{
    sn_tell_thread(out, report, finding, site->process, site->thread);
    sn_text_puts(out, " ");
    sn_tell_site(out, report, finding, site);
    if (site->stack.count) {
        sn_text_puts(out, " at ");
        sn_tell_spot(out, sources, &site->stack);
    }
}

static void tell_message(struct sn_text *out, struct sn_sources *sources,
                         const struct sn_report *report, const struct sn_finding *finding)
{
    const char *why, *advice;
    size_t length = sn_tell_why(finding, &why, &advice);
    struct sn_text text = {0};
    vec_each (const struct sn_site, site, &finding->sites) {
        sn_text_clear(&text);
        tell_deed(&text, sources, report, finding, site);
        sn_plain(out, text.at, CELL);
        sn_text_puts(out, "\n");
        if (out->length > LONGEST_MESSAGE / 2)
            break;
    }
    sn_text_clear(&text);
    sn_text_add(&text, why, length);
    sn_plain(out, text.at, SN_LONGEST);
    sn_text_puts(out, "\nWhat to do: ");
    sn_plain(out, advice, SN_LONGEST);
    sn_text_printf(out, "\n%s, %s, id ", sn_hazards[finding->kind].id,
                   sn_level_name(finding->level));
    sn_plain(out, finding->id ? finding->id : "none", CELL);
    sn_text_release(&text);
}

/* Red is what makes the run fail. */
static const char *command(const struct sn_finding *finding)
{
    if (finding->severity == SN_SEVERITY_NOTE)
        return "notice";
    return finding->severity == SN_SEVERITY_ERROR && finding->gated ? "error" : "warning";
}

static void annotate(struct sn_text *out, struct sn_sources *sources,
                     const struct sn_report *report, const struct sn_finding *finding)
{
    struct sn_spot spot = sn_spot_of_finding(sources, report, finding);
    struct sn_text message = {0};
    sn_text_printf(out, "::%s ", command(finding));
    if (spot.is_source) {
        add_property(out, "file", spot.path, SIZE_MAX);
        sn_text_printf(out, ",line=%u,endLine=%u,col=%u,", spot.line, spot.line, spot.column);
    }
    add_property(out, "title", title(finding), LONGEST_TITLE);
    sn_text_puts(out, "::");
    tell_message(&message, sources, report, finding);
    add_escaped(out, message.at, "%\r\n");
    sn_text_puts(out, "\n");
    sn_text_release(&message);
}

static void add_notice(void *out, enum sn_severity severity, const char *text)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text, SN_LONGEST);
    sn_text_printf(out,
                   "::%s title=snarl::", severity == SN_SEVERITY_WARNING ? "warning" : "notice");
    add_escaped(out, plain.at, "%\r\n");
    sn_text_puts(out, "\n");
    sn_text_release(&plain);
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    struct sn_sources sources = {.root = options->source_root};
    sn_text_puts(out, "");
    vec_each (struct sn_finding *, finding, &report->findings)
        if ((*finding)->status == SN_NEW)
            annotate(out, &sources, report, *finding);
    sn_tell_remarks(report, add_notice, out);
    sn_sources_release(&sources);
}

struct summary {
    struct sn_text *out;
    const struct sn_report *report;
    struct sn_render_options options;
    struct sn_sources sources;
    size_t rows_cut;
};

static void add_row(struct summary *summary, const struct sn_finding *finding, const char *status)
{
    struct sn_text *out = summary->out;
    if (out->length > LARGEST_SUMMARY / 2) {
        summary->rows_cut++;
        return;
    }
    struct sn_spot spot = sn_spot_of_finding(&summary->sources, summary->report, finding);
    sn_text_printf(out, "| %s | ", sn_severity_name(finding->severity));
    sn_markdown(out, title(finding), CELL);
    sn_text_printf(out, " | %s, %s | ", sn_hazards[finding->kind].id,
                   sn_level_name(finding->level));
    sn_markdown(out, spot.path, CELL);
    if (spot.is_source)
        sn_text_printf(out, ":%u", spot.line);
    sn_text_printf(out, " | %s%s | ", status, finding->gated ? ", **gated**" : "");
    sn_markdown(out, finding->id ? finding->id : "none", CELL);
    sn_text_puts(out, " |\n");
}

static void add_table(struct summary *summary)
{
    const struct sn_diff *diff = summary->options.diff;
    if (!summary->report->findings.count && !(diff && diff->fixed.count))
        return;
    sn_text_puts(summary->out, "\n| Severity | Finding | Kind, level | Where | Status | Id |\n"
                               "| --- | --- | --- | --- | --- | --- |\n");
    vec_each (struct sn_finding *, finding, &summary->report->findings)
        add_row(summary, *finding, sn_status_name((*finding)->status));
    if (diff)
        vec_each (const struct sn_finding *, finding, &diff->fixed)
            add_row(summary, *finding, "fixed");
    if (summary->rows_cut) {
        sn_text_puts(summary->out, "\nAnd ");
        sn_tell_count(summary->out, summary->rows_cut, "finding");
        sn_text_puts(summary->out, " more.\n");
    }
}

/* Inside of <pre> nothing but tags and references means anything. */
static void add_story(struct summary *summary, const struct sn_finding *finding)
{
    struct sn_text story = {0}, details = {0}, name = {0};
    sn_render_finding(&story, summary->report, finding, &summary->options);
    sn_plain(&name, title(finding), CELL);
    sn_text_puts(&details, "\n<details><summary>");
    sn_xml(&details, name.at);
    sn_text_puts(&details, "</summary>\n<pre>\n");
    sn_xml(&details, story.at);
    sn_text_puts(&details, "</pre>\n</details>\n");
    if (summary->out->length + details.length < LARGEST_SUMMARY)
        sn_text_add(summary->out, details.at, details.length);
    sn_text_release(&story);
    sn_text_release(&details);
    sn_text_release(&name);
}

static void add_remark(void *out, enum sn_severity severity, const char *text)
{
    sn_text_printf(out, "\n%s: ", severity == SN_SEVERITY_WARNING ? "Warning" : "Note");
    sn_markdown(out, text, SN_LONGEST);
    sn_text_puts(out, "\n");
}

/* What was run: of a shell, what it was told. */
static const char *program(const struct sn_report *report)
{
    if (report->argc == 3 && strcmp(report->argv[1], "-c") == 0)
        return report->argv[2];
    return report->argc ? sn_base_name(report->argv[0]) : "program";
}

static void summarize(struct sn_text *out, const struct sn_report *report,
                      const struct sn_render_options *options)
{
    struct summary summary = {out, report, *options, {.root = options->source_root}, 0};
    summary.options.color = false;
    sn_text_puts(out, "### snarl: ");
    sn_markdown(out, program(report), CELL);
    sn_text_puts(out, "\n\n");
    sn_tell_count(out, report->findings.count, "finding");
    sn_text_printf(out, ", %llu gated\n", (unsigned long long)report->gated);
    add_table(&summary);
    sn_tell_remarks(report, add_remark, out);
    vec_each (struct sn_finding *, finding, &report->findings)
        if ((*finding)->gated)
            add_story(&summary, *finding);
    sn_text_puts(out, "\n");
    sn_sources_release(&summary.sources);
}

const struct sn_renderer sn_render_github = {
    .name = "github",
    .render = render,
    .summary = summarize,
    .summary_variable = "GITHUB_STEP_SUMMARY",
};
