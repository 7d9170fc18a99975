/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0, as GitHub and editors read it: a rule for every kind of hazard, in the order of
 * hazards.def, a result for every finding, and what is to be said of the whole as notifications. If
 * there is more than GitHub takes, the least important results are left out: their number is told
 * before, their size only when all is written, so that may take several turns.
 */
#include "finding/diff.h"
#include "report/markup.h"
#include "report/sarif_result.h"
#include "report/tell.h"
#include "report/tree.h"

#include <ctype.h>
#include <zlib.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* GitHub refuses more. The size is that of the file compressed by gzip. */
enum { MOST_RESULTS = 25000, MOST_BYTES = 10 * 1000 * 1000 };

#define SET(object, key, value) json_object_set_new((object), (key), (value))

/* "Data race." */
static json_t *short_description(const char *id)
{
    struct sn_text text = {0};
    for (const char *at = id; *at; at++)
        sn_text_printf(&text, "%c",
                       *at == '-' ? ' '
                       : at == id ? toupper((unsigned char)*at)
                                  : *at);
    sn_text_puts(&text, ".");
    return json_pack("{s:o}", "text", sn_tree_take(&text));
}

static json_t *help(const struct sn_hazard_info *hazard)
{
    struct sn_text text = {0}, markdown = {0};
    sn_text_printf(&text, "%s\nWhat to do: %s", hazard->definition, hazard->advice);
    sn_markdown(&markdown, hazard->definition, SN_LONGEST);
    sn_text_puts(&markdown, "\n\n**What to do:** ");
    sn_markdown(&markdown, hazard->advice, SN_LONGEST);
    sn_text_puts(&markdown, "\n");
    json_t *object = json_pack("{s:o}", "text", sn_tree_take(&text));
    SET(object, "markdown", sn_tree_take(&markdown));
    return object;
}

/* How far a finding of this kind is to be believed, in the words by which GitHub sorts: less where
 * it may be a bad pattern alone. */
static const char *precision(const struct sn_hazard_info *hazard)
{
    return hazard->levels == SN_POSSIBLE  ? "medium"
           : hazard->levels & SN_POSSIBLE ? "high"
                                          : "very-high";
}

static json_t *rule(const struct sn_hazard_info *hazard)
{
    const char *severity = sn_severity_name(hazard->severity);
    const char *problem = hazard->severity == SN_SEVERITY_NOTE ? "recommendation" : severity;
    json_t *object = json_pack("{s:s}", "id", hazard->id);
    SET(object, "shortDescription", short_description(hazard->id));
    SET(object, "fullDescription", json_pack("{s:s}", "text", hazard->definition));
    SET(object, "help", help(hazard));
    SET(object, "defaultConfiguration", json_pack("{s:s}", "level", severity));
    SET(object, "properties",
        json_pack("{s:s,s:s,s:[s,s]}", "precision", precision(hazard), "problem.severity", problem,
                  "tags", "concurrency", "correctness"));
    return object;
}

static json_t *tool(void)
{
    json_t *rules = json_array();
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        json_array_append_new(rules, rule(&sn_hazards[kind]));
    return json_pack("{s:{s:s,s:s,s:s,s:o}}", "driver", "name", "snarl", "version", SNARL_VERSION,
                     "semanticVersion", SNARL_VERSION, "rules", rules);
}

static void add_notification(void *array, enum sn_severity severity, const char *text)
{
    struct sn_text sentence = {0};
    sn_plain(&sentence, text, SN_LONGEST);
    if (!sentence.length || sentence.at[sentence.length - 1] != '.')
        sn_text_puts(&sentence, ".");
    json_t *object = json_pack("{s:{s:o}}", "message", "text", sn_tree_take(&sentence));
    SET(object, "level", json_string(sn_severity_name(severity)));
    json_array_append_new(array, object);
}

static void note_cut(json_t *array, size_t count, const char *what)
{
    struct sn_text text = {0};
    sn_tell_count(&text, count, what);
    sn_text_printf(&text, " %s left out, since GitHub takes no more", count == 1 ? "was" : "were");
    if (count)
        add_notification(array, SN_SEVERITY_WARNING, text.at);
    sn_text_release(&text);
}

/* The watched program's run. A reader that knows nothing but executionSuccessful must not take a
 * recording with gaps for a pass. */
static json_t *invocation(const struct sn_sarif *sarif)
{
    const struct sn_report *report = sarif->report;
    json_t *object = json_pack("{s:b}", "executionSuccessful", report->complete);
    json_t *arguments = json_array(), *notifications = json_array();
    for (size_t i = 0; i < report->argc; i++)
        json_array_append_new(arguments, sn_tree_plain(report->argv[i], SN_LONGEST));
    SET(object, "arguments", arguments);
    if (report->pid)
        SET(object, "processId", json_integer(report->pid));
    if (report->signal)
        SET(object, "exitSignalNumber", json_integer(report->signal));
    else if (report->exit_status >= 0)
        SET(object, "exitCode", json_integer(report->exit_status));
    sn_tell_remarks(report, add_notification, notifications);
    note_cut(notifications, sarif->results_cut, "finding");
    note_cut(notifications, sarif->locations_cut, "place");
    note_cut(notifications, sarif->steps_cut, "step");
    SET(object, "toolExecutionNotifications", notifications);
    return object;
}

/* Was there something to compare with? Then every result says how it compares. */
static bool has_baseline(const struct sn_report *report, const struct sn_render_options *options)
{
    if (options->diff)
        return true;
    vec_each (struct sn_finding *, finding, &report->findings)
        if ((*finding)->status == SN_KNOWN)
            return true;
    return false;
}

/* The order in which results are left out, the last of each first. */
enum importance { GATED, FRESH, KNOWN, FIXED, SUPPRESSED, IMPORTANCES };

struct candidate {
    const struct sn_finding *finding;
    const char *baseline;
    enum importance importance;
};

struct candidates {
    VEC(struct candidate) all; /* in the order of the report, then what is fixed */
    size_t by_importance[IMPORTANCES];
};

static void add_candidate(struct candidates *candidates, const struct sn_finding *finding,
                          const char *baseline, enum importance importance)
{
    *vec_push(&candidates->all) = (struct candidate){finding, baseline, importance};
    candidates->by_importance[importance]++;
}

static void gather(struct candidates *candidates, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    bool compared = has_baseline(report, options);
    vec_each (struct sn_finding *, at, &report->findings) {
        const struct sn_finding *finding = *at;
        enum importance importance = finding->status == SN_SUPPRESSED ? SUPPRESSED
                                     : finding->status == SN_KNOWN    ? KNOWN
                                     : finding->gated                 ? GATED
                                                                      : FRESH;
        add_candidate(candidates, finding,
                      !compared             ? NULL
                      : importance == KNOWN ? "unchanged"
                                            : "new",
                      importance);
    }
    if (options->diff)
        vec_each (const struct sn_finding *, finding, &options->diff->fixed)
            add_candidate(candidates, *finding, "absent", FIXED);
}

/* The MOST most important ones, in the order in which they are. */
static json_t *choose(struct sn_sarif *sarif, const struct candidates *candidates, size_t most)
{
    size_t room[IMPORTANCES];
    json_t *array = json_array();
    for (int i = 0; i < IMPORTANCES; i++) {
        size_t count = candidates->by_importance[i];
        room[i] = count < most ? count : most;
        most -= room[i];
    }
    vec_each (const struct candidate, candidate, &candidates->all) {
        if (!room[candidate->importance]) {
            sarif->results_cut++;
            continue;
        }
        room[candidate->importance]--;
        json_array_append_new(array,
                              sn_sarif_result(sarif, candidate->finding, candidate->baseline));
    }
    return array;
}

static void write_document(struct sn_text *out, const struct sn_report *report,
                           const struct sn_render_options *options,
                           const struct candidates *candidates, size_t most)
{
    struct sn_sarif sarif = {.report = report, .sources = {.root = options->source_root}};
    json_t *results = choose(&sarif, candidates, most);
    json_t *run = json_pack("{s:o}", "tool", tool());
    SET(run, "invocations", json_pack("[o]", invocation(&sarif)));
    SET(run, "originalUriBaseIds",
        json_pack("{s:{s:{s:s}}}", "%SRCROOT%", "description", "text",
                  "The root of the program's sources."));
    SET(run, "columnKind", json_string("unicodeCodePoints"));
    SET(run, "results", results);
    json_t *document = json_pack("{s:s,s:s}", "$schema", SCHEMA, "version", "2.1.0");
    SET(document, "runs", json_pack("[o]", run));
    sn_tree_write(out, document);
    sn_sources_release(&sarif.sources);
}

/* What is no larger even as it is need not be compressed to know that. */
static size_t uploaded_size(const char *bytes, size_t size)
{
    unsigned char piece[16 * 1024];
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)size};
    if (size < MOST_BYTES || size > UINT32_MAX ||
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, MAX_MEM_LEVEL - 1,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return size;
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
    } while (deflate(&stream, Z_FINISH) == Z_OK);
    size_t total = stream.total_out;
    deflateEnd(&stream);
    return total;
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    struct candidates candidates = {0};
    struct sn_text text = {0};
    gather(&candidates, report, options);
    size_t most = candidates.all.count < MOST_RESULTS ? candidates.all.count : MOST_RESULTS, size;
    write_document(&text, report, options, &candidates, most);
    while ((size = uploaded_size(text.at, text.length)) >= MOST_BYTES && most) {
        most = (size_t)((double)most * 0.98 * MOST_BYTES / (double)size);
        sn_text_clear(&text);
        write_document(&text, report, options, &candidates, most);
    }
    sn_text_add(out, text.at, text.length);
    sn_text_release(&text);
    vec_release(&candidates.all);
}

const struct sn_renderer sn_render_sarif = {.name = "sarif", .render = render};
