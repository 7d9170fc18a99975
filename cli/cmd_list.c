/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hazard, from finding/hazards.def. */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/trouble.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 96, INDENT = 4, KIND_COLUMN = 26 };

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_REPORT | SN_OPTIONS_LOG,
    .arguments = "",
    .trouble = SN_EXIT_TROUBLE,
    .help = "List every kind of hazard: its id, its usual severity, the levels at which it can be "
            "found, its definition, and what to do.",
    .more = "Exit codes: 0, or 2 for trouble.",
    .line_alone = true, /* or the formats that are wanted of reports would be written */
};

static const enum sn_level levels[] = {SN_OBSERVED, SN_PREDICTED, SN_POSSIBLE};
enum { LEVELS = sizeof levels / sizeof *levels };

/* Appends PROSE in lines of WIDTH columns, indented. */
static void add_prose(struct sn_text *text, const char *prose)
{
    int column = 0;
    while (*prose) {
        int length = (int)strcspn(prose, " ");
        if (column && column + 1 + length > WIDTH) {
            sn_text_puts(text, "\n");
            column = 0;
        }
        sn_text_printf(text, "%*s%.*s", column ? 1 : INDENT, "", length, prose);
        column += length + (column ? 1 : INDENT);
        prose += length + strspn(prose + length, " ");
    }
    sn_text_puts(text, "\n");
}

static void add_text(struct sn_text *text, const struct sn_hazard_info *hazard, bool color)
{
    int pad = KIND_COLUMN - (int)strlen(hazard->id);
    sn_text_printf(text, "%s%s%s%*s%-8s", color ? "\033[1m" : "", hazard->id,
                   color ? "\033[0m" : "", pad > 1 ? pad : 1, "",
                   sn_severity_name(hazard->severity));
    for (int i = 0; i < LEVELS; i++)
        if (hazard->levels & levels[i])
            sn_text_printf(text, " %s", sn_level_name(levels[i]));
    sn_text_puts(text, "\n");
    add_prose(text, hazard->definition);
    add_prose(text, hazard->advice);
}

static json_t *to_json(const struct sn_hazard_info *hazard)
{
    json_t *names = json_array();
    for (int i = 0; i < LEVELS; i++)
        if (hazard->levels & levels[i])
            json_array_append_new(names, json_string(sn_level_name(levels[i])));
    return json_pack("{s:s, s:s, s:o, s:s, s:s}", "kind", hazard->id, "severity",
                     sn_severity_name(hazard->severity), "levels", names, "definition",
                     hazard->definition, "advice", hazard->advice);
}

static void add_json(struct sn_text *text)
{
    json_t *all = json_array();
    for (int i = 0; i < SN_HAZARDS; i++)
        json_array_append_new(all, to_json(&sn_hazards[i]));
    json_t *document = json_pack("{s:s, s:o}", "schema", "snarl-hazards/1", "hazards", all);
    char *bytes = json_dumps(document, JSON_INDENT(2));
    sn_text_printf(text, "%s\n", bytes);
    free(bytes);
    json_decref(document);
}

static void render(struct sn_text *text, const struct sn_output_target *target, const void *data,
                   const struct sn_render_options *options)
{
    (void)data;
    if (strcmp(target->renderer->name, "json") == 0) {
        add_json(text);
        return;
    }
    for (int i = 0; i < SN_HAZARDS; i++)
        add_text(text, &sn_hazards[i], options->color);
}

int sn_cmd_list(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_output output;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int ret = sn_output_open(&output, &settings, STDOUT_FILENO, &err);
    if (ret == 0)
        ret = sn_output_render(&output, render, NULL, &err);
    if (ret < 0)
        sn_say_error("", &err);
    sn_output_close(&output);
    sn_settings_release(&settings);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}
