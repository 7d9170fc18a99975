/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML report of traces, from this machine to a browser on it: the page of --format=html, but
 * that it fetches what the window shows of its timeline, so that it does not matter how long that
 * is; and the trace for Perfetto, which takes it from a page alone.
 */
#include "cli/assemble.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/serve_server.h"
#include "cli/trouble.h"
#include "report/html_page.h"
#include "report/tree.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SPANS = 20000000 }; /* 800 MB */

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_SERVE | SN_OPTIONS_BASELINE | SN_OPTIONS_SUPPRESS | SN_OPTIONS_ANALYSIS |
              SN_OPTIONS_SOURCE | SN_OPTIONS_SYMBOLS | SN_OPTIONS_INPUT,
    .arguments = "TRACE...",
    .least = 1,
    .most = -1,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Analyze traces as `snarl analyze` does, and show the HTML report to a browser on this "
            "machine: prints its address, and goes on until SIGINT or SIGTERM. For traces that are "
            "too long for one file; from there they can be handed over to ui.perfetto.dev.",
    .more = "Exit codes: 0 when it was ended, 2 for trouble. Nobody but this machine is served, "
            "and nothing but the report.",
};

struct served {
    const struct sn_report *report;
    struct sn_render_options options;
};

static int page(const struct served *served, struct sn_text *body)
{
    json_t *data = sn_html_data(served->report, &served->options, true);
    json_object_set_new(data, "perfetto", json_boolean(sn_renderer_by_name("perfetto") != NULL));
    sn_html_page(body, data, "'self'");
    return 200;
}

/* ?activity=0&from=0&until=1000&pixels=800 */
static int spans(const struct served *served, const char *query, struct sn_text *body)
{
    uint64_t index = sn_http_number(query, "activity", 0);
    if (index >= served->report->activities.count)
        return 404;
    const struct sn_activity *activity = served->report->activities.at[index];
    uint64_t from = sn_http_number(query, "from", 0);
    uint64_t until = sn_http_number(query, "until", activity->until);
    uint64_t pixels = sn_http_number(query, "pixels", 1000);
    if (until < from || pixels < 1 || pixels > 100000)
        return 400;
    sn_tree_add(body, sn_html_spans(activity, from, until, (until - from) / pixels));
    return 200;
}

static int content(void *data, const struct sn_http_request *request, struct sn_text *body,
                   const char **type)
{
    const struct served *served = data;
    const struct sn_renderer *perfetto = sn_renderer_by_name("perfetto");
    if (strcmp(request->path, "/") == 0) {
        *type = "text/html";
        return page(served, body);
    }
    *type = "application/json";
    if (strcmp(request->path, "/spans") == 0)
        return spans(served, request->query, body);
    if (strcmp(request->path, "/trace.json") != 0 || !perfetto)
        return 404;
    perfetto->render(body, served->report, &served->options);
    return 200;
}

static int analyze(struct sn_assembly *assembly, struct sn_error *err)
{
    const struct sn_settings *settings = assembly->settings;
    for (int i = 0; i < settings->argument_count; i++)
        if (sn_assembly_add(assembly, settings->arguments[i], false, err) < 0)
            return err->code;
    sn_assembly_finish(assembly);
    return 0;
}

static int serve(struct sn_server *server, const struct sn_assembly *assembly, struct sn_error *err)
{
    struct served served = {
        .report = &assembly->report,
        .options = {.source_root = assembly->settings->symbols.source_root},
    };
    char address[64];
    int length = snprintf(address, sizeof address, "http://127.0.0.1:%u/\n", server->port);
    int code = sn_write_all(STDOUT_FILENO, address, (size_t)length, "stdout", err);
    return code < 0 ? code : sn_server_run(server, content, &served, err);
}

int sn_cmd_serve(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_assembly assembly;
    struct sn_server server = {.fd = -1};
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    settings.analysis.spans_drawn = SPANS;
    int code = sn_assembly_init(&assembly, &settings, &err);
    if (code == 0)
        code = analyze(&assembly, &err);
    if (code == 0)
        code = sn_server_open(&server, settings.port, &err);
    if (code == 0)
        code = serve(&server, &assembly, &err);
    if (code < 0)
        sn_say_error("", &err);
    sn_server_close(&server);
    sn_assembly_release(&assembly);
    sn_settings_release(&settings);
    return code < 0 ? SN_EXIT_TROUBLE : 0;
}
