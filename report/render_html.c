/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page for people, in one file: report/html as npm built it, and in it what it shows, as JSON.
 * Whatever names are in that, nothing in them ends the element that holds it: `<` is escaped, as
 * is all that is not ASCII. The page makes text of them, never markup.
 */
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/markup.h"
#include "report/tell.h"
#include "report/tree.h"

#include <string.h>

#define SET(object, key, value) json_object_set_new((object), (key), (value))

/* The built page, by the assembler: a C compiler is slow with an array of that size. */
__asm__(".pushsection .rodata\n"
        ".global sn_html_template\n"
        "sn_html_template:\n"
        ".incbin \"" SN_HTML_TEMPLATE "\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char sn_html_template[];

enum { MOST_ARGUMENTS = 200, SPANS = 200000 };

static json_t *strings(const char *const *at, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count && i < MOST_ARGUMENTS; i++)
        json_array_append_new(array, sn_tree_plain(at[i] ? at[i] : "", SN_LONGEST));
    return array;
}

static json_t *program(const struct sn_report *report)
{
    json_t *object = json_pack("{s:o,s:I}", "argv", strings(report->argv, report->argc), "pid",
                               (json_int_t)report->pid);
    bool exited = report->exit_status >= 0 && !report->signal;
    SET(object, "exit_status", exited ? json_integer(report->exit_status) : json_null());
    return object;
}

static json_t *recording(const struct sn_report *report)
{
    json_t *object = json_object();
    SET(object, "traces", strings(report->traces.at, report->traces.count));
    SET(object, "events", json_integer((json_int_t)report->events));
    SET(object, "accesses", json_integer((json_int_t)report->accesses));
    SET(object, "threads", json_integer((json_int_t)report->threads));
    SET(object, "locks", json_integer((json_int_t)report->locks));
    SET(object, "seconds", json_real(report->seconds > 0 ? report->seconds : 0));
    SET(object, "source", sn_tree_plain(report->access_source, SN_LONGEST));
    return object;
}

static void add_remark(void *array, enum sn_severity severity, const char *text)
{
    json_array_append_new(array, json_pack("{s:s,s:o}", "severity", sn_severity_name(severity),
                                           "text", sn_tree_plain(text, SN_LONGEST)));
}

static json_t *summary(const struct sn_report *report)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "observed", (json_int_t)report->observed, "predicted",
                     (json_int_t)report->predicted, "possible", (json_int_t)report->possible,
                     "suppressed", (json_int_t)report->suppressed, "gated",
                     (json_int_t)report->gated);
}

json_t *sn_html_data(const struct sn_report *report, const struct sn_render_options *options,
                     bool served)
{
    struct sn_html_places places = {.sources = {.root = options->source_root}};
    json_t *data = json_pack("{s:s,s:b}", "snarl", SNARL_VERSION, "served", (int)served);
    json_t *remarks = json_array(), *findings = json_array(), *activities = json_array();
    sn_tell_remarks(report, add_remark, remarks);
    vec_each (struct sn_finding *, finding, &report->findings)
        json_array_append_new(findings, sn_html_finding(&places, report, *finding));
    vec_each (struct sn_activity *, activity, &report->activities)
        json_array_append_new(activities, sn_html_activity(&places, report, *activity, !served));
    SET(data, "program", program(report));
    SET(data, "recording", recording(report));
    SET(data, "remarks", remarks);
    SET(data, "summary", summary(report));
    SET(data, "findings", findings);
    SET(data, "activities", activities);
    sn_html_places_write(&places, data);
    sn_html_places_release(&places);
    return data;
}

static int append(const char *bytes, size_t length, void *out)
{
    for (const char *end = bytes + length; bytes < end;) {
        const char *found = memchr(bytes, '<', (size_t)(end - bytes));
        sn_text_add(out, bytes, (size_t)((found ? found : end) - bytes));
        if (found)
            sn_text_puts(out, "\\u003c");
        bytes = found ? found + 1 : end;
    }
    return 0;
}

/* Appends the template up to MARK, and returns what follows it. */
static const char *up_to(struct sn_text *out, const char *template, const char *mark)
{
    const char *found = strstr(template, mark);
    sn_text_add(out, template, found ? (size_t)(found - template) : strlen(template));
    return found ? found + strlen(mark) : "";
}

void sn_html_page(struct sn_text *out, json_t *data, const char *connect)
{
    const char *rest = up_to(out, sn_html_template, "@CONNECT@");
    sn_text_puts(out, connect);
    rest = up_to(out, rest, "@DATA@");
    json_dump_callback(data, append, out,
                       JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12));
    sn_text_puts(out, rest);
    json_decref(data);
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    sn_html_page(out, sn_html_data(report, options, false), "'none'");
}

const struct sn_renderer sn_render_html = {.name = "html", .render = render, .spans = SPANS};
