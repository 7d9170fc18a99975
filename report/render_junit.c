/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit's XML, as CI systems read it: the run is a suite, each finding a test case of it. What is
 * gated failed; what is known or suppressed was skipped; what else there is to tell passed, with
 * its story as output. Without a finding one case passed, so that the suite is never empty.
 */
#include "base/map.h"
#include "finding/diff.h"
#include "finding/stack.h"
#include "report/markup.h"
#include "report/renderer.h"
#include "report/spot.h"
#include "report/suppressions.h"
#include "report/tell.h"

#include <math.h>
#include <stdio.h>

typedef unsigned long long ull;

struct suite {
    struct sn_text *out;
    const struct sn_report *report;
    struct sn_render_options options;
    struct sn_sources sources;
    struct sn_map names; /* how many findings have a name, by its hash */
};

static const char *title(const struct sn_finding *finding)
{
    return finding->title && *finding->title ? finding->title : sn_hazards[finding->kind].id;
}

/* ` NAME="TEXT"`, on one line. */
static void attribute(struct sn_text *out, const char *name, const char *text)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text, SN_LONGEST);
    sn_text_printf(out, " %s=\"", name);
    sn_xml(out, plain.at);
    sn_text_puts(out, "\"");
    sn_text_release(&plain);
}

static void property(struct sn_text *out, const char *name, const char *text)
{
    sn_text_puts(out, "      <property");
    attribute(out, "name", name);
    attribute(out, "value", text);
    sn_text_puts(out, "/>\n");
}

static void count_property(struct sn_text *out, const char *name, uint64_t count)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (ull)count);
    property(out, name, number);
}

static void properties(struct suite *suite)
{
    const struct sn_report *report = suite->report;
    struct sn_text command = {0};
    sn_text_puts(&command, "");
    for (size_t i = 0; i < report->argc && command.length < SN_LONGEST; i++)
        sn_text_printf(&command, "%s%s", i ? " " : "", report->argv[i] ? report->argv[i] : "");
    sn_text_puts(suite->out, "    <properties>\n");
    property(suite->out, "program", command.at);
    property(suite->out, "snarl", SNARL_VERSION);
    property(suite->out, "complete", report->complete ? "true" : "false");
    count_property(suite->out, "observed", report->observed);
    count_property(suite->out, "predicted", report->predicted);
    count_property(suite->out, "possible", report->possible);
    count_property(suite->out, "suppressed", report->suppressed);
    count_property(suite->out, "gated", report->gated);
    sn_text_puts(suite->out, "    </properties>\n");
    sn_text_release(&command);
}

/* Readers take two cases of one class and name for one: FNV-1a of both. */
static uint64_t name_hash(const struct sn_finding *finding)
{
    uint64_t hash = 0xcbf29ce484222325u + finding->kind;
    for (const char *at = title(finding); *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    return hash;
}

static void case_names(struct suite *suite, const struct sn_finding *finding)
{
    struct sn_text name = {0};
    struct sn_spot spot = sn_spot_of_finding(&suite->sources, suite->report, finding);
    sn_plain(&name, title(finding), SN_LONGEST);
    if (*sn_map_at(&suite->names, name_hash(finding)) > 1)
        sn_text_printf(&name, " (%s)", finding->id ? finding->id : "no id");
    attribute(suite->out, "classname", sn_hazards[finding->kind].id);
    attribute(suite->out, "name", name.at);
    if (spot.is_source) {
        attribute(suite->out, "file", spot.path);
        sn_text_printf(suite->out, " line=\"%u\"", spot.line);
    }
    sn_text_release(&name);
}

static void element(struct sn_text *out, const char *name, const char *text)
{
    sn_text_printf(out, "      <%s>", name);
    sn_xml(out, text);
    sn_text_printf(out, "</%s>\n", name);
}

static void failure(struct suite *suite, const struct sn_finding *finding)
{
    const char *why, *advice;
    size_t length = sn_tell_why(finding, &why, &advice);
    struct sn_text text = {0}, plain = {0};
    sn_text_puts(suite->out, "      <failure");
    attribute(suite->out, "type", sn_hazards[finding->kind].id);
    attribute(suite->out, "message", title(finding));
    sn_text_puts(suite->out, ">");
    vec_each (const struct sn_site, site, &finding->sites) {
        sn_tell_thread(&text, suite->report, finding, site->process, site->thread);
        sn_text_puts(&text, " ");
        sn_tell_site(&text, suite->report, finding, site);
        if (site->stack.count) {
            sn_text_puts(&text, " at ");
            sn_tell_spot(&text, &suite->sources, &site->stack);
        }
        sn_plain(&plain, text.at, SN_LONGEST);
        sn_text_puts(&plain, "\n");
        sn_text_clear(&text);
    }
    sn_text_add(&text, why, length);
    sn_text_printf(&text, "\nWhat to do: %s", advice);
    sn_plain_lines(&plain, text.at);
    sn_xml(suite->out, plain.at);
    sn_text_puts(suite->out, "</failure>\n");
    sn_text_release(&text);
    sn_text_release(&plain);
}

static void skipped(struct sn_text *out, const struct sn_finding *finding)
{
    struct sn_text why = {0};
    sn_text_puts(&why, finding->status == SN_KNOWN ? "known: it is in the baseline" : "suppressed");
    if (finding->suppressed_by) {
        sn_text_puts(&why, " by ");
        sn_tell_suppressor(&why, finding->suppressed_by);
    }
    sn_text_puts(out, "      <skipped");
    attribute(out, "message", why.at);
    sn_text_puts(out, "/>\n");
    sn_text_release(&why);
}

/* OUTCOME: NULL if the finding speaks for itself, else why it counts for nothing any more. */
static void test_case(struct suite *suite, const struct sn_finding *finding, const char *outcome)
{
    struct sn_text story = {0};
    sn_text_puts(suite->out, "    <testcase");
    case_names(suite, finding);
    sn_text_puts(suite->out, ">\n");
    if (outcome)
        element(suite->out, "system-out", outcome);
    else if (finding->status != SN_NEW)
        skipped(suite->out, finding);
    else if (finding->gated)
        failure(suite, finding);
    if (!outcome) {
        sn_render_finding(&story, suite->report, finding, &suite->options);
        element(suite->out, "system-out", story.at);
    }
    sn_text_puts(suite->out, "    </testcase>\n");
    sn_text_release(&story);
}

static void add_remark(void *data, enum sn_severity severity, const char *text)
{
    struct sn_text *out = data;
    sn_text_printf(out, "snarl: %s: ", sn_severity_name(severity));
    sn_plain(out, text, SN_LONGEST);
    sn_text_puts(out, "\n");
}

static void remarks(struct suite *suite)
{
    struct sn_text text = {0};
    sn_tell_remarks(suite->report, add_remark, &text);
    if (text.length) {
        sn_text_puts(suite->out, "    <system-err>");
        sn_xml(suite->out, text.at);
        sn_text_puts(suite->out, "</system-err>\n");
    }
    sn_text_release(&text);
}

static void count_name(struct suite *suite, const struct sn_finding *finding)
{
    ++*sn_map_at(&suite->names, name_hash(finding));
}

/* ` tests="3" failures="1" errors="0" skipped="1" time="1.250"` */
static void totals(struct suite *suite)
{
    const struct sn_diff *diff = suite->options.diff;
    size_t tests = 0, failures = 0, skipped = 0;
    vec_each (struct sn_finding *, finding, &suite->report->findings) {
        tests++;
        skipped += (*finding)->status != SN_NEW;
        failures += (*finding)->status == SN_NEW && (*finding)->gated;
    }
    tests += diff ? diff->fixed.count : 0;
    double seconds = suite->report->seconds;
    sn_text_printf(
        suite->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\"",
        tests ? tests : 1, failures, skipped, isfinite(seconds) && seconds > 0 ? seconds : 0);
}

static void test_cases(struct suite *suite)
{
    const struct sn_diff *diff = suite->options.diff;
    vec_each (struct sn_finding *, finding, &suite->report->findings)
        count_name(suite, *finding);
    if (diff)
        vec_each (const struct sn_finding *, finding, &diff->fixed)
            count_name(suite, *finding);
    vec_each (struct sn_finding *, finding, &suite->report->findings)
        test_case(suite, *finding, NULL);
    if (diff)
        vec_each (const struct sn_finding *, finding, &diff->fixed)
            test_case(suite, *finding, "fixed: it is not found any more");
    if (!suite->names.count)
        sn_text_puts(suite->out,
                     "    <testcase classname=\"snarl\" name=\"no hazard was found\"/>\n");
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    struct suite suite = {out, report, *options, {.root = options->source_root}, {0}};
    struct sn_text name = {0};
    suite.options.color = false;
    sn_text_printf(&name, "snarl: %s", report->argc ? sn_base_name(report->argv[0]) : "program");
    sn_text_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    totals(&suite);
    sn_text_puts(out, ">\n  <testsuite");
    attribute(out, "name", name.at);
    totals(&suite);
    sn_text_puts(out, ">\n");
    properties(&suite);
    test_cases(&suite);
    remarks(&suite);
    sn_text_puts(out, "  </testsuite>\n</testsuites>\n");
    sn_text_release(&name);
    sn_map_release(&suite.names);
    sn_sources_release(&suite.sources);
}

const struct sn_renderer sn_render_junit = {.name = "junit", .render = render};
