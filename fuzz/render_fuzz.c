/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any report as JSON, rendered in every format: what comes out has to be UTF-8, and JSON, XML or
 * lines of commands where it says so. Where the size of the input is odd all findings of the report
 * are fixed, so that the formats tell that, too.
 */
#include "base/utf8.h"
#include "finding/diff.h"
#include "finding/gate.h"
#include "finding/json.h"
#include "report/renderer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"text", "sarif", "junit", "github", "gitlab", "html"};

static void check_utf8(const struct sn_text *text)
{
    if (strlen(text->at) != text->length)
        abort();
    for (const char *at = text->at; *at;) {
        size_t length = sn_utf8_decode(at, NULL);
        if (length == 0 || ((unsigned char)*at < ' ' && *at != '\n'))
            abort();
        at += length;
    }
}

static void check_json(const struct sn_text *text)
{
    json_t *document = json_loads(text->at, 0, NULL);
    if (!document)
        abort();
    json_decref(document);
}

/* Every tag is one of ours, and they nest. */
static void check_xml(const char *at)
{
    size_t depth = 0;
    at = strchr(at, '\n'); /* behind the declaration */
    while (at && (at = strchr(at, '<'))) {
        const char *end = strchr(at, '>');
        if (!end || !strchr("/tpfs", at[1]) || memchr(at + 1, '<', (size_t)(end - at - 1)))
            abort();
        if (at[1] == '/' && depth-- == 0)
            abort();
        depth += at[1] != '/' && end[-1] != '/';
        at = end;
    }
    if (depth)
        abort();
}

/* What the page shows is all within its element. */
static void check_html(const char *at)
{
    static const char mark[] = "id=\"data\">";
    const char *begin = strstr(at, mark) + sizeof mark - 1, *end = strstr(begin, "</script>");
    json_t *document = json_loadb(begin, (size_t)(end - begin), 0, NULL);
    if (!document)
        abort();
    json_decref(document);
}

static void check_commands(const char *at)
{
    for (; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, "::", 2) != 0)
            abort();
}

static void check(const char *format, const struct sn_text *text)
{
    check_utf8(text);
    if (strcmp(format, "html") == 0)
        check_html(text->at);
    if (strcmp(format, "sarif") == 0 || strcmp(format, "gitlab") == 0)
        check_json(text);
    else if (strcmp(format, "junit") == 0)
        check_xml(text->at);
    else if (strcmp(format, "github") == 0)
        check_commands(text->at);
}

static void render(const struct sn_report *report, const struct sn_diff *diff)
{
    const struct sn_render_options options = {.diff = diff, .source_root = "."};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct sn_renderer *renderer = sn_renderer_by_name(formats[i]);
        struct sn_text text = {0};
        if (!renderer)
            continue; /* html, where it is not built */
        renderer->render(&text, report, &options);
        check(formats[i], &text);
        sn_text_clear(&text);
        if (renderer->summary) {
            renderer->summary(&text, report, &options);
            check_utf8(&text);
        }
        sn_text_release(&text);
    }
}

/* What the report has is what is over in one that has nothing. */
static void render_difference(const struct sn_report *report)
{
    struct sn_report nothing;
    struct sn_diff diff;
    sn_report_init(&nothing);
    sn_diff_init(&diff, report, &nothing);
    render(&nothing, &diff);
    sn_diff_release(&diff);
    sn_report_release(&nothing);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct sn_report report;
    if (sn_json_parse(&report, (const char *)bytes, size, NULL) == 0) {
        if (size % 2)
            render_difference(&report);
        else
            render(&report, NULL);
    }
    sn_report_release(&report);
    return 0;
}
