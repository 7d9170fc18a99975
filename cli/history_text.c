/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_render.h"
#include "cli/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHORT_COMMIT = 10, SHORT_ID = 8, RUNS_SHOWN = 20, DAY = 11 };

static const char *day(int64_t time, char text[DAY])
{
    struct tm tm;
    time_t seconds = (time_t)time;
    if (!gmtime_r(&seconds, &tm) || !strftime(text, DAY, "%Y-%m-%d", &tm))
        return "?";
    return text;
}

/* A hash of a commit is told by its beginning, any other word as it is. */
static int commit_length(const char *commit)
{
    size_t length = strspn(commit, "0123456789abcdefABCDEF");
    return commit[length] || length < 40 ? (int)strlen(commit) : SHORT_COMMIT;
}

static void add_commit(struct sn_table *table, const char *commit)
{
    const char *text = commit ? commit : "-";
    sn_table_printf(table, "%.*s", commit_length(text), text);
}

static void add_heading(struct sn_table *table, const char *const *names)
{
    for (table->columns = 0; names[table->columns]; table->columns++)
        sn_table_add(table, names[table->columns]);
}

void sn_history_runs_text(struct sn_text *out, const struct sn_history_runs *runs,
                          const struct sn_render_options *options)
{
    static const char *const names[] = {"RUN",     "DATE",     "COMMIT", "BRANCH", "LABEL",
                                        "REPORTS", "FINDINGS", "NEW",    NULL};
    struct sn_table table = {0};
    char text[DAY];
    add_heading(&table, names);
    vec_each (const struct sn_history_run, run, runs) {
        sn_table_printf(&table, "%" PRId64, run->id);
        sn_table_add(&table, day(run->time, text));
        add_commit(&table, run->commit);
        sn_table_add(&table, run->branch ? run->branch : "-");
        sn_table_add(&table, *run->label ? run->label : "-");
        sn_table_printf(&table, "%" PRIu64, run->reports);
        sn_table_printf(&table, "%" PRIu64, run->findings);
        sn_table_printf(&table, "%" PRIu64, run->fresh);
    }
    sn_table_write(&table, out, options->color);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t common(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* What of an id must be typed: the version is left out. */
static const char *bare(const char *id)
{
    return strncmp(id, "1:", 2) == 0 ? id + 2 : id;
}

/* How many characters tell ids apart: one length for all, for a table; ids that begin like
 * another whole one are written whole. */
static size_t telling_length(const struct sn_history_findings *findings)
{
    size_t longest = SHORT_ID;
    const char **ids = sn_calloc(findings->count + 1, sizeof *ids);
    for (size_t i = 0; i < findings->count; i++)
        ids[i] = bare(findings->at[i].id);
    qsort(ids, findings->count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < findings->count; i++) {
        size_t length = common(ids[i - 1], ids[i]) + 1;
        longest = length > longest ? length : longest;
    }
    free(ids);
    return longest;
}

static void add_moment(struct sn_table *table, const struct sn_history_run *run)
{
    char text[DAY];
    const char *commit = run->commit ? run->commit : "";
    sn_table_printf(table, "%s%s%.*s", day(run->time, text), *commit ? " " : "",
                    commit_length(commit), commit);
}

static void add_finding(struct sn_table *table, const struct sn_history_finding *finding)
{
    struct sn_text text = {0};
    sn_text_printf(&text, "%s: %s [%s, %s]", finding->severity,
                   finding->title ? finding->title : finding->kind, finding->kind, finding->level);
    sn_table_add(table, text.at);
    sn_text_release(&text);
}

static void tell_counts(struct sn_text *out, const struct sn_history_findings *findings)
{
    sn_text_printf(out, "snarl: %zu finding%s", findings->count, findings->count == 1 ? "" : "s");
    const char *before = ": ";
    for (unsigned state = SN_STEADY; state <= SN_GONE; state <<= 1) {
        size_t count = 0;
        vec_each (const struct sn_history_finding, finding, findings)
            count += finding->state == state;
        if (!count)
            continue;
        sn_text_printf(out, "%s%zu %s", before, count, sn_history_state_name(state));
        before = ", ";
    }
    sn_text_puts(out, "\n");
}

void sn_history_findings_text(struct sn_text *out, const struct sn_history_findings *findings,
                              const struct sn_render_options *options)
{
    static const char *const names[] = {"ID", "STATE", "SEEN", "FIRST", "LAST", "FINDING", NULL};
    struct sn_table table = {0};
    int length = (int)telling_length(findings);
    if (findings->count)
        add_heading(&table, names);
    vec_each (const struct sn_history_finding, finding, findings) {
        sn_table_printf(&table, "%.*s", length, bare(finding->id));
        sn_table_add(&table, sn_history_state_name(finding->state));
        sn_table_printf(&table, "%" PRIu64 " of %" PRIu64, finding->seen, finding->runs);
        add_moment(&table, &finding->first);
        add_moment(&table, &finding->last);
        add_finding(&table, finding);
    }
    if (findings->count)
        sn_table_write(&table, out, options->color);
    tell_counts(out, findings);
}

void sn_history_story_text(struct sn_text *out, const struct sn_history_story *story,
                           const struct sn_render_options *options)
{
    static const char *const names[] = {"RUN",   "DATE",  "COMMIT", "BRANCH",
                                        "LABEL", "LEVEL", "COUNT",  NULL};
    struct sn_table table = {0};
    char text[DAY];
    size_t shown = 0;
    vec_each (struct sn_finding *, finding, &story->report.findings)
        sn_render_finding(out, &story->report, *finding, options);
    sn_text_printf(out, "\n%s: in %" PRIu64 " of %" PRIu64 " runs since the first\n\n",
                   sn_history_state_name(story->finding->state), story->finding->seen,
                   story->finding->runs);
    add_heading(&table, names);
    vec_each (const struct sn_history_sighting, sighting, &story->sightings) {
        if (shown++ == RUNS_SHOWN && !options->verbose)
            break;
        sn_table_printf(&table, "%" PRId64, sighting->run.id);
        sn_table_add(&table, day(sighting->run.time, text));
        add_commit(&table, sighting->run.commit);
        sn_table_add(&table, sighting->run.branch ? sighting->run.branch : "-");
        sn_table_add(&table, *sighting->run.label ? sighting->run.label : "-");
        sn_table_add(&table, sighting->level);
        sn_table_printf(&table, "%" PRIu64, sighting->count);
    }
    sn_table_write(&table, out, options->color);
    if (shown > RUNS_SHOWN && !options->verbose)
        sn_text_puts(out, "older ones: -v\n");
}
